"""The kinds of providers: rows of facts. What differs between two providers is said here or in the table, never in code.

A base URL ends where the paths of the kind's format begin: OpenAI's formats are `/chat/completions` and `/responses` below
a `/v1`, Anthropic's is `/v1/messages`, Gemini's `/models/...` below the API's version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.providers.echo import EchoOptions

if TYPE_CHECKING:
    from engine.parts import Part


@dataclass(frozen=True, slots=True)
class Kind:
    """`credential` is a word of providers/credentials.py; `variable` the environment variable that usually holds the key
    ("" where none is needed); `also` are formats that the same base URL speaks besides `format`; `base_url` "" must be given
    in the table; `options` describes what the table may say beyond what it says of every provider; `max_tokens_word` is its
    field for the limit of tokens in OpenAI's chat format, where newer hosts have another one than all others; `key_form` is a
    regular expression that its own keys match ("" for not known): what does not match it is likely a mistake."""

    word: str
    says: str
    base_url: str
    variable: str = ""
    format: str = "openai_chat"
    credential: str = "bearer"
    also: tuple[str, ...] = ()
    needs_key: bool = True
    allow_private: bool = False
    options: type[Part] | None = None
    max_tokens_word: str = "max_tokens"
    key_form: str = ""


def _local(word: str, says: str, base_url: str) -> Kind:
    """A server of one's own: reached at a private address, usually without a key."""
    return Kind(word, says, base_url, needs_key=False, allow_private=True)


_RESPONSES = ("openai_responses",)
_NEWER = "max_completion_tokens"

_ROWS = (
    Kind(
        "echo",
        "Built in and offline: says back what it was told. For a first run, for tests and for measuring.",
        "http://echo.invalid/v1",
        credential="none",
        needs_key=False,
        options=EchoOptions,
    ),
    Kind(
        "openai",
        "OpenAI.",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        also=_RESPONSES,
        max_tokens_word=_NEWER,
        key_form="sk-.{17,}",
    ),
    Kind(
        "anthropic",
        "Anthropic: the Claude models.",
        "https://api.anthropic.com",
        "ANTHROPIC_API_KEY",
        "anthropic_messages",
        "x-api-key",
        key_form="sk-ant-.+",
    ),
    Kind(
        "gemini",
        "Google's Gemini API. The base URL ends in the API's version.",
        "https://generativelanguage.googleapis.com/v1beta",
        "GEMINI_API_KEY",
        "gemini_generate",
        "x-goog-api-key",
        key_form=".{10,}",
    ),
    Kind(
        "azure",
        "Azure OpenAI by its v1 API: `base_url: https://RESOURCE.openai.azure.com/openai/v1`. Models are deployment names.",
        "",
        "AZURE_OPENAI_API_KEY",
        credential="api-key",
        also=_RESPONSES,
        max_tokens_word=_NEWER,
    ),
    Kind("mistral", "Mistral AI.", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    Kind("groq", "Groq.", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    Kind("deepseek", "DeepSeek.", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    Kind("xai", "xAI: the Grok models.", "https://api.x.ai/v1", "XAI_API_KEY", also=_RESPONSES),
    Kind("openrouter", "OpenRouter: many providers behind one key.", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    Kind("together", "Together AI.", "https://api.together.ai/v1", "TOGETHER_API_KEY"),
    Kind("fireworks", "Fireworks AI.", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    Kind("cerebras", "Cerebras.", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    Kind(
        "qwen",
        "Alibaba Cloud Model Studio: the Qwen models, Singapore region. Keys belong to a region, and each has its base URL.",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
    ),
    Kind("moonshot", "Moonshot AI: the Kimi models.", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    _local("ollama", "Ollama on this machine.", "http://127.0.0.1:11434/v1"),
    _local("lmstudio", "LM Studio's server on this machine.", "http://127.0.0.1:1234/v1"),
    _local(
        "llamacpp",
        "llama.cpp's llama-server on this machine. It shares its usual port with this engine.",
        "http://127.0.0.1:8080/v1",
    ),
    _local("vllm", "vLLM's OpenAI-compatible server on this machine.", "http://127.0.0.1:8000/v1"),
)

KINDS: dict[str, Kind] = {kind.word: kind for kind in _ROWS}
