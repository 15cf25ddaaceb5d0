"""Common words by language: what they say of a short text is worth more than its letters."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH = frozenset(
    "the and you that this it it's its with have not are they what my your just would about from but there their i'm "
    "she don't be like if when who how because could should people think know really very did does were been more "
    "only them these those why out good never love thanks thank you're that's can't didn't doesn't i've i'll isn't "
    "wasn't than which where being our him won't".split()
)
"""Common words of which hardly two stand together in another language."""

SHORT_ENGLISH = frozenset(
    "happy great damn nice yes awesome fuck fucking day yeah cool sorry now much right got get looks dude pretty luck "
    "fun he's welcome funny beautiful lol lmao guy sounds friend omg cute please here thats interesting okay try "
    "stupid actually poor shit joke still bro back what's same sweet miss keep wait weird everyone work new feel then "
    "help look heart hope bless congrats she's birthday year better hey absolutely sad old disgusting agree hi glad "
    "ever makes wrong holy let's again they're sucks enjoy little life story hurt some big said we're yourself made "
    "hilarious ugh definitely cheers hard tho gotta gorgeous loves shut calm going both sure enough buddy happened "
    "game getting exactly already though appreciate done suck girl days needs way things always hurts something angry "
    "mad playing brother say kinda awful hello terrifying congratulations guys crazy creepy doing believe nah another "
    "yup kid alright serious bruh i'd stay dad feeling crying adorable wtf tbh yea watch nothing dont every guess "
    "jealous leave gross wish maybe everything world boys fault painful scared shame hugs laugh oof stuff everybody "
    "need pls legend yep nope worst died missed lost wow yay luv thx tysm smh idk ikr omfg lmfao rofl brb wanna dunno "
    "gonna mom grandma".split()
)
"""What English comments of a word or four are made of, slang among it: a hint, which other languages borrow from."""

COMMON: Mapping[str, frozenset[str]] = {
    tag: frozenset(words.split())
    for tag, words in {
        "cs": "se je že jsem jsi ale jako tak který když nebo není pro už si jen",
        "da": "og det jeg ikke er på af en har den til du som vil meget hvad mig dig",
        "de": "der das und ich nicht ist mit sie auf den dem ein eine einen für wir auch sich wenn aber wie noch nur "
        "mein du ja ihr er es zu von haben habe dich dir mir mich bist hier uns nichts",
        "es": "que el los las por una un con para es lo mi muy pero más como esto todo está estoy porque cuando qué "
        "hay se en del su te ya le al si nos sin",
        "fi": "ja ei se että olen minä mutta niin kun hän ovat oli mitä kanssa",
        "fr": "les des est pas que je une pour dans qui vous nous c'est j'ai suis sur avec très merci moi cette mais "
        "tu ne le la et il elle du au ce ça",
        "hu": "és nem hogy egy az meg csak ez de van volt már nagyon",
        "id": "yang dan ini itu tidak saya aku dengan untuk ada kamu bisa",
        "it": "che di il non per una un sono è della questo mi con più ma perché ho gli anche molto quando ti ci lo io",
        "nl": "het een ik van niet dat je zijn voor maar heb ook wat deze naar geen nog en",
        "pl": "się nie na że jest to jak za mnie ale już tylko czy bardzo tak jestem",
        "pt": "que não uma um para com você os muito mais isso meu eu por como foi está mas ele são quando em da se já "
        "tem na ao só",
        "ro": "și să nu de că este un la pentru mai care cu din sunt dar foarte",
        "sv": "och att det som jag inte är för på har till en så med om mig",
        "tr": "bir ve bu çok için ama ne ben değil gibi daha kadar var mi ki her şey sen evet",
        "vi": "không là và của có cho một người này được",
    }.items()
}
"""Frequent words of the other languages in Latin letters: hardly two of one language stand together in English."""

HINTS: Mapping[str, frozenset[str]] = {**COMMON, "en": ENGLISH | SHORT_ENGLISH}
"""Words of each language in Latin letters, English among them, that make it likelier."""

UKRAINIAN = frozenset(
    "дякую дякуємо дуже але що щось щиро чому зараз мене хто цей це ця цього цьому вона воно вони було буде також якщо "
    "треба краще добре кохаю гарно гарний ще вибач пробач вибачте чи проте яка який яке яку молодець гаразд "
    "трохи".split()
)
"""Words that Russian does not have, for a text without a letter that only one of the two has."""
