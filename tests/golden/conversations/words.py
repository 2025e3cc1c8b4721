"""Conversations: who says what, system text, roles, pictures and files."""

from __future__ import annotations

from tests.tools.conversation import Conversation, Document, asked, say

IMAGE, PDF, NOTE = "aGVsbG8=", "JVBERi0=", "bm90ZQ=="
URL, PAPER = "https://images.example/cat.png", "https://papers.example/one.pdf"


def _chat(*parts: Document) -> Document:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look"}, *parts]}]}


def _responses(*parts: Document) -> Document:
    return {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look"}, *parts]}]}


def _messages(*blocks: Document) -> Document:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look"}, *blocks]}]}


def _gemini(*parts: Document) -> Document:
    return {"contents": [{"role": "user", "parts": [{"text": "Look"}, *parts]}]}


def _system(*texts: str) -> dict[str, Document]:
    """The same system texts in the four formats."""
    blocks = [{"type": "text", "text": text} for text in texts]
    return asked(
        {"messages": [*({"role": "system", "content": text} for text in texts), {"role": "user", "content": "Hello"}]},
        {"instructions": "\n\n".join(texts)},
        {"system": blocks},
        {"systemInstruction": {"parts": [{"text": text} for text in texts]}},
    )


def _turns(*texts: str) -> dict[str, Document]:
    """User and assistant, in turns."""

    def role(at: int, other: str = "assistant") -> str:
        return other if at % 2 else "user"

    kinds = ("input_text", "output_text")
    items = [
        {"type": "message", "role": role(at), "content": [
            {"type": kinds[at % 2], "text": text, **({"annotations": []} if at % 2 else {})}]}
        for at, text in enumerate(texts)
    ]  # fmt: skip
    return asked(
        {"messages": [{"role": role(at), "content": text} for at, text in enumerate(texts)]},
        {"input": items},
        {"messages": [{"role": role(at), "content": [{"type": "text", "text": text}]} for at, text in enumerate(texts)]},
        {"contents": [{"role": role(at, "model"), "parts": [{"text": text}]} for at, text in enumerate(texts)]},
    )


_developer = {"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}
_developer_item = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]}
_hello_item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
_brief = _system("Be brief.")
_one = _system("Be brief.\n\nBe kind.")
_verse = "From here on, in verse."

CONVERSATIONS = [
    Conversation("a question", asked({}, {}, {}, {})),
    Conversation("a text of all kinds of characters", _turns('é – 日本 🦊 "quoted" \\ \n\ttab')),
    Conversation("several turns", _turns("What is 2+2?", "4", "And 3+3?")),
    Conversation("many turns", _turns("a", "b", "c", "d", "e", "f", "g")),
    Conversation("a system text", _brief),
    Conversation(
        "several system texts",
        _system("Be brief.", "Be kind."),
        gets={"R>C": _one["C"], "R>A": _one["A"], "R>G": _one["G"]},
    ),
    Conversation(
        "the developer's word",
        asked(_developer, {"input": [_developer_item, _hello_item]}),
        gets={">C": _brief["C"], ">R": _brief["R"], ">A": _brief["A"], ">G": _brief["G"]},
    ),
    Conversation(
        "a system text within the conversation",
        asked(
            {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"},
                          {"role": "user", "content": "Go on"}, {"role": "system", "content": _verse}]},
            {"input": [
                _hello_item,
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi", "annotations": []}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go on"}]},
                {"type": "message", "role": "system", "content": [{"type": "input_text", "text": _verse}]},
            ]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]},
                          {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
                          {"role": "user", "content": [{"type": "text", "text": "Go on"}]},
                          {"role": "system", "content": [{"type": "text", "text": _verse}]}]},
        ),
        gets={
            ">A": say("A", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]},
                                         {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
                                         {"role": "user", "content": [{"type": "text", "text": "Go on"},
                                                                      {"type": "text", "text": _verse}]}]}),
            ">G": say("G", {"contents": [{"role": "user", "parts": [{"text": "Hello"}]},
                                         {"role": "model", "parts": [{"text": "Hi"}]},
                                         {"role": "user", "parts": [{"text": "Go on"}, {"text": _verse}]}]}),
        },
        loses={">A": "changed=system_in_place", ">G": "changed=system_in_place"},
    ),
    Conversation(
        "a name of who speaks",
        asked({"messages": [{"role": "user", "name": "ada", "content": "Hello"}]}),
        gets={f">{letter}": asked({}, {}, {}, {})[letter] for letter in "RAG"},
        loses={">R": "dropped=message_name", ">A": "dropped=message_name", ">G": "dropped=message_name"},
    ),
    Conversation(
        "a picture within the request",
        asked(
            _chat({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}}),
            _responses({"type": "input_image", "image_url": f"data:image/png;base64,{IMAGE}", "detail": "auto"}),
            _messages({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}),
            _gemini({"inlineData": {"mimeType": "image/png", "data": IMAGE}}),
        ),
    ),
    Conversation(
        "a picture in the alphabet of URLs",
        asked(None, None, None, _gemini({"inline_data": {"mime_type": "image/png", "data": "-_-_aGk="}})),
        gets={
            ">C": say("C", _chat({"type": "image_url", "image_url": {"url": "data:image/png;base64,+/+/aGk="}})),
            ">R": say("R", _responses({"type": "input_image", "image_url": "data:image/png;base64,+/+/aGk=",
                                       "detail": "auto"})),
            ">A": say("A", _messages({"type": "image", "source": {
                "type": "base64", "media_type": "image/png", "data": "+/+/aGk="}})),
        },
    ),
    Conversation(
        "a picture by its address",
        asked(
            _chat({"type": "image_url", "image_url": {"url": URL}}),
            _responses({"type": "input_image", "image_url": URL, "detail": "auto"}),
            _messages({"type": "image", "source": {"type": "url", "url": URL}}),
            _gemini({"fileData": {"mimeType": "image/png", "fileUri": URL}}),
        ),
        loses={">G": "changed=image_url"},
    ),
    Conversation(
        "how closely to look at a picture",
        asked(
            _chat({"type": "image_url", "image_url": {"url": URL, "detail": "high"}}),
            _responses({"type": "input_image", "image_url": URL, "detail": "high"}),
        ),
        gets={
            ">A": say("A", _messages({"type": "image", "source": {"type": "url", "url": URL}})),
            ">G": say("G", _gemini({"fileData": {"mimeType": "image/png", "fileUri": URL}})),
        },
        loses={">A": "dropped=image_detail", ">G": "dropped=image_detail; changed=image_url"},
    ),
    Conversation(
        "a paper within the request",
        asked(
            _chat({"type": "file", "file": {"filename": "one.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}),
            _responses({"type": "input_file", "filename": "one.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}),
            _messages({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                       "title": "one.pdf"}),
            _gemini({"inlineData": {"mimeType": "application/pdf", "data": PDF}}),
        ),
        # Gemini's parts have no names.
        gets={
            "G>C": say("C", _chat({"type": "file", "file": {
                "filename": "file.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}})),
            "G>R": say("R", _responses({"type": "input_file", "filename": "file.pdf",
                                        "file_data": f"data:application/pdf;base64,{PDF}"})),
            "G>A": say("A", _messages({"type": "document", "source": {
                "type": "base64", "media_type": "application/pdf", "data": PDF}})),
        },
    ),
    Conversation(
        "a paper by its address",
        asked(
            None,
            _responses({"type": "input_file", "file_url": PAPER}),
            _messages({"type": "document", "source": {"type": "url", "url": PAPER}}),
            _gemini({"fileData": {"mimeType": "application/pdf", "fileUri": PAPER}}),
        ),
        loses={">G": "changed=file_url"},
        refuses={">C": "file_url"},
    ),
    Conversation(
        "a file of text",
        asked(
            _chat({"type": "file", "file": {"filename": "n.txt", "file_data": f"data:text/plain;base64,{NOTE}"}}),
            _responses({"type": "input_file", "filename": "n.txt", "file_data": f"data:text/plain;base64,{NOTE}"}),
        ),
        gets={
            ">A": say("A", _messages({"type": "document", "title": "n.txt", "source": {
                "type": "text", "media_type": "text/plain", "data": "note"}})),
            ">G": say("G", _gemini({"inlineData": {"mimeType": "text/plain", "data": NOTE}})),
        },
    ),
    Conversation(
        "a sound",
        asked(
            _chat({"type": "input_audio", "input_audio": {"data": IMAGE, "format": "wav"}}),
            None,
            None,
            _gemini({"inlineData": {"mimeType": "audio/wav", "data": IMAGE}}),
        ),
        refuses={">R": "audio", ">A": "audio"},
    ),
    Conversation(
        "a film",
        asked(None, None, None, _gemini({"inlineData": {"mimeType": "video/mp4", "data": IMAGE}})),
        refuses={">C": "video", ">R": "video", ">A": "video"},
    ),
    Conversation(
        "a picture of a kind that few take",
        asked(
            _chat({"type": "image_url", "image_url": {"url": f"data:image/heic;base64,{IMAGE}"}}),
            _responses({"type": "input_image", "image_url": f"data:image/heic;base64,{IMAGE}", "detail": "auto"}),
            None,
            _gemini({"inlineData": {"mimeType": "image/heic", "data": IMAGE}}),
        ),
        refuses={">A": "image_type"},
    ),
    Conversation(
        "a file that only its provider knows",
        asked(
            _chat({"type": "file", "file": {"file_id": "file-1"}}),
            _responses({"type": "input_file", "file_id": "file-1"}),
            _messages({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
            _gemini({"fileData": {"mimeType": "application/pdf", "fileUri": "files/1"}}),
        ),
        refuses={f">{letter}": "file_id" for letter in "CRAG"},
    ),
    Conversation(
        "a refusal in the history",
        asked(
            {"messages": [{"role": "user", "content": "Hello"},
                          {"role": "assistant", "content": None, "refusal": "I will not."},
                          {"role": "user", "content": "Why?"}]},
            {"input": [_hello_item,
                       {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "I will not."}]},
                       {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Why?"}]}]},
        ),
        gets={">A": _turns("Hello", "I will not.", "Why?")["A"], ">G": _turns("Hello", "I will not.", "Why?")["G"]},
    ),
]  # fmt: skip
