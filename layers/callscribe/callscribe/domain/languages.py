"""AssemblyAI's language codes (its OpenAPI description 1.3.4, TranscriptLanguageCode)."""

from __future__ import annotations

LANGUAGE_CODES = frozenset(
    (
        "en en_au en_uk en_us es fr de it pt nl af sq am ar hy as az ba eu be bn bs br bg my ca zh hr cs "
        "da et fo fi gl ka el gu ht ha haw he hi hu is id ja jw kn kk km ko lo la lv ln lt lb mk mg ms "
        "ml mt mi mr mn ne no nn oc pa ps fa pl ro ru sa sr sn sd si sk sl so su sw sv tl tg ta tt te "
        "th bo tr tk uk ur uz vi cy yi yo"
    ).split()
)


def is_english(language_code: str) -> bool:
    return language_code == "en" or language_code.startswith("en_")
