"""Requests and answers. An unknown parameter is an error, never ignored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def whole(value: object) -> object:
    """Return 3.0 as 3: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Texts = Annotated[list[str], Field(fail_fast=True)]
"""Only the first mistake is said: there may be as many as texts."""

LabelName = Annotated[str, Field(max_length=1000)]
Count = Annotated[int, Field(ge=1), BeforeValidator(whole)]


OneText = Annotated[list[str], Field(min_length=1, max_length=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LabelScore(BaseModel):
    """A label and how strongly it applies."""

    label: str
    score: float


class HfParameters(Strict):
    """Parameters of Hugging Face's text classification."""

    top_k: Count | None = Field(default=None, description="The most labels to give per text.")
    threshold: Probability | None = Field(
        default=None, description="Give only labels with at least this probability, whichever score is given."
    )
    function_to_apply: Literal["sigmoid", "none"] | None = Field(
        default=None,
        description="`sigmoid` (the default) gives probabilities, `none` gives logits. `softmax` is refused, because "
        "labels do not exclude each other.",
    )


class HfOptions(Strict):
    """Options that some clients send; they have no effect, for nothing is cached and the model is always loaded."""

    use_cache: bool = True
    wait_for_model: bool = False
    use_gpu: bool = False


class HfRequest(Strict):
    """A request of Hugging Face's text classification."""

    inputs: str | Texts
    parameters: HfParameters | None = None
    options: HfOptions | None = None


class TeiRequest(Strict):
    """A request of Text Embeddings Inference's `/predict`."""

    inputs: str | Texts | Annotated[list[OneText], Field(fail_fast=True)] = Field(
        description='One text, or several: `["a", "b"]` or, as TEI documents it, `[["a"], ["b"]]`.'
    )
    truncate: bool | None = Field(
        default=None, description="Truncate a text that is longer than the model reads; otherwise it is an error."
    )
    raw_scores: bool | None = Field(default=None, description="Give logits instead of probabilities.")


EXPLAIN = "Say too what each word adds to each emotion that is given, by leaving it out."


class EmotionsRequest(Strict):
    """A request of our own shape: the model's thresholds per label decide, unless told otherwise."""

    texts: Texts
    threshold: Probability | dict[LabelName, Probability] | None = Field(
        default=None, description="A threshold for every label, or a map for some; the others keep the model's own."
    )
    top_k: Count | None = Field(default=None, description="The most emotions to give per text.")
    reliable_only: bool = Field(
        default=False, description="Leave out labels that are too rare in the test data to be sure of."
    )
    long_text: Literal["cut", "windows"] = Field(
        default="cut",
        description="`cut` truncates a text that is longer than the model reads; `windows` reads it in overlapping "
        "windows.",
    )
    explain: bool = Field(default=False, description=EXPLAIN)
    show_language: bool = Field(
        default=False,
        description="Say too which language each text is in, where that can be told, which model answered, and whose "
        "thresholds decided.",
    )


class ExplainedWord(BaseModel):
    """A word as it stands in the text, from `start` to `end`, counted in Unicode characters."""

    word: str
    start: int
    end: int


class ExplainedPhrase(BaseModel):
    """Neighbouring words that act together, from word number `first` to `last`, and what they add to each emotion."""

    phrase: str
    first: int
    last: int
    effects: dict[str, float]


class TextExplanation(BaseModel):
    """Effects of each word on each emotion that is given, in log odds: `effects` has one number per word."""

    words: list[ExplainedWord]
    effects: dict[str, list[float]]
    phrases: list[ExplainedPhrase]


class TextEmotions(BaseModel):
    """The emotions of a text, highest first; none if no label reaches its threshold."""

    emotions: list[LabelScore]
    truncated: bool = Field(description="True if the text was longer than the model reads and was truncated.")
    html_entities: bool = Field(
        description="True if the text has HTML entities such as `&quot;` or `&#39;`, which are read as they stand: "
        "decode them first."
    )
    language: str | None = Field(default=None, description="A BCP 47 tag, only if `show_language` asks for it.")
    model: str | None = Field(default=None, description="The model that answered, likewise.")
    thresholds: str | None = Field(
        default=None,
        description="Whose thresholds decided, likewise: a language's, those for the `rest`, or those for `all`.",
    )
    explanation: TextExplanation | None = Field(
        default=None, description="Only if `explain` asks for it, and of a text with emotions."
    )


class EmotionsResponse(BaseModel):
    """One result per text, in order."""

    results: list[TextEmotions]


class Status(BaseModel):
    """The answer of a probe."""

    status: str


class OwnThresholds(BaseModel):
    """The thresholds of texts in one language."""

    thresholds: dict[str, float]
    thresholds_beside: dict[str, float]


class Info(BaseModel):
    """The model and the server's limits; the first fields are those of TEI's `/info` that apply."""

    model_id: str
    model_type: dict[str, dict[str, dict[str, str | int]]]
    max_concurrent_requests: int
    max_input_length: int | None = Field(description="The most tokens that the model reads of a text.")
    max_batch_tokens: int
    max_batch_requests: int | None
    max_client_batch_size: int = Field(description="The most texts of a request.")
    auto_truncate: bool
    tokenization_workers: int
    version: str
    architecture: str
    labels: list[str]
    thresholds: dict[str, float]
    thresholds_beside: dict[str, float] = Field(
        description="Of labels, such as neutral, in texts that reach the threshold of another label."
    )
    thresholds_by_language: dict[str, OwnThresholds] = Field(
        description="Of texts in some languages, and at `rest` in all others, where they differ."
    )
    unreliable_labels: dict[str, int] = Field(
        description="Labels too rare in the test split to be sure of, with their positives there."
    )
    sentiment: dict[str, list[str]]
    languages: list[str] = Field(description="BCP 47 tags of what the model reads; none where that is not known.")
    max_chars: int = Field(description="The most characters of a text.")
    max_body: int = Field(description="The most bytes of a request.")
