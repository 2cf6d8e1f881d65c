"""The words with which people forbid and except, in nine languages, as patterns of a text that went through `clean`.

`clean` folds case, so that a sharp s is written `ss`. Every repetition is bounded: what is read may be the worst text
there is.
"""

from __future__ import annotations

import re
from typing import Final

_OPEN: Final = r"(?<![\w.@/\\-])"
_CLOSE: Final = r"(?![\w@/\\-]|\.\w)"


def _any(*kinds: str) -> re.Pattern[str]:
    """Whole words, never a part of a name: `no-reply@x.example` and `keep.txt` forbid nothing."""
    return re.compile(_OPEN + "(?:" + "|".join(kinds) + ")" + _CLOSE)


EXCEPT: Final = _any(
    "without|except(?:ing|ed)?|with the exception|exception made|excluding|excluded|exclusive of|apart from|aside from"
    "|other than|save for|but for|besides(?!,)|barring|instead of|rather than|as opposed to|in place of|in lieu of"
    "|outside of|different from|unlike|not including|unless|lest",
    "ohne|ausser|außer|ausgenommen|ausgeschlossen|ausschliessend|abzüglich|exklusive|bis auf|abgesehen von|statt|anstatt"
    "|anstelle|mit (?:der )?ausnahme|es sei denn",
    "sans|sauf|exceptée?s?|hormis|à part|mise?s? à part|à l['’]exception|à l['’]exclusion|exclusion faite|exception faite"
    "|en dehors|exclue?s?|excluant|au lieu d[e'’]|plutôt qu[e'’]|hors|à moins que",
    "sin|excepto|exceptuando|exceptuad[oa]s?|salvo|menos|(?:a|con)(?: la)? excepción|con exclusión|excluyendo"
    "|excluid[oa]s?"
    "|quitando|descontando|fuera de|aparte de|en vez de|en lugar de",
    "sem|exceto|excepto|ex[cp]etuando|a não ser|(?:à|com|com a) exceção|excluindo|(?:tudo|todos|todas) fora|em vez de"
    "|ao invés de",
    "senza|tranne|eccetto|eccettuat[oaie]|salvo|meno|a parte|(?:a|ad|con|fatta|fatt'|con l['’])(?: )?eccezione"
    "|(?:a|ad|all['’]) ?esclusione|esclus[oaie]|escludendo|all['’]infuori|invece di|fuorché|anziché|eccezion fatta",
)
"""Behind it stands what is excepted; before it what is asked for. At the end of its clause it excepts what stands before."""

DO: Final = _any(
    "do not|don['’]?t|do n['’]t|not|n['’]t|avoid(?:ing)?|refrain\\w*|abstain\\w*|stay away|steer clear"
    "|keep (?:clear|away)"
    "|hands off|keep (?:your )?hands off|beware of|nor|neither|prevent(?:s|ing)?|refuses? to|disallow|(?:stop"
    "|quit|cease) \\w+ing"
    "|let [\\w./@-]{1,64} (?:be|alone|live|stay|stand|remain)",
    "(?:please )?(?:keep|leave|spare|preserve|retain|protect|safeguard|exempt|skip|exclude|omit|ignore|disregard)",
    "hold off|forget about|(?:keep|leav|spar|preserv|retain|protect|safeguard|exempt|skipp|exclud|omitt|ignor)ing",
    "behalte|behalten sie|lass|lasse|lassen sie|vermeide|vermeiden sie|verschone|bewahre|(?:finger|hände) weg"
    "|l[aä]ss\\w* [^,]{0,20}finger"
    "|verzicht\\w*|unterlass\\w*|ignorier\\w*|überspring\\w*|schone",
    "garde|gardez|conserve|conservez|laisse|laissez|évite\\w*|épargne\\w*|abst\\w{2,9}(?:-\\w{2,5})?"
    "|empêche\\w*|ignore\\w*|préserve\\w*",
    "evita|evite|evitar|deja|deje|dejar|conserva|conservar|mantén|mantenga|mantener|mantenha|mantém|deixe|deixa|guarde"
    "|abst[eé]n\\w*|impid\\w+|impeça\\w*|ignora|ignore|poupe|preserve",
    "mantieni|lascia|lasciare|lasciate|tieni|evitare|evitate|guardati dal\\w*|impedisci\\w*|risparmia|ignorare",
)
"""Behind it stands what is forbidden, and before it too unless that is a request of its own."""

WHOLE: Final = _any(
    r"(?:must|should|shall|may|might|can|could|need|ought|dare|is|are|was|were|am|has|have|had|did|does) ?not"
    r"|cannot|never|nothing|nobody|no ?one|none of|no"
    r"|(?:ai|are|ca|could|dare|did|does|had|has|have|is|may|might|must|need|ought|sha|should|was|were|wo|would)n['’]?t",
    r"(?:you|would|will) (?:will )?not (?:like|want)|you will not"
    r"|did not (?:want|ask|say|mean|order|request|approve|agree)",
    r"(?:is|are|isn['’]t|aren['’]t|be) (?:not )?(?:to stay|to remain|to be kept|to be left|off[- ]limits"
    r"|forbidden|prohibited|taboo)",
    r"(?:ask|check with|confirm with|consult|tell|warn) (?:me|us) (?:first|before\w*|prior)"
    r"|(?:first|before\b.{0,80}?)\b(?:ask|check with|confirm with|consult) (?:me|us)"
    r"|only (?:if|when|once|after) (?:i|we) (?:say|ok|approve|agree|confirm)"
    r"|(?:wait for|with|get) (?:my|our) (?:approval|permission|consent|confirmation|ok|go-ahead)",
    r"off[- ]limits|forbid(?:s|den)?|forbade|prohibit(?:s|ed)?|banned|untouched|untouchable|out of bounds|hands-off|no-go"
    r"|sacred|sacrosanct|off the table|out of the question|exempted|spared",
    r"(?:must|should|shall|has to|have to|needs? to|ought to|can|may|is to|are to) (?:stay|remain)"
    r"|(?:stays|remains)(?= where| as | in place| put|[ .!]{0,3}$)",
    r"(?:would|i['’]d|we['’]d) (?:hate|regret)|refuse[sd]? to (?:let|allow|have|see)|objects? to|(?:am|are"
    r"|strictly|totally) opposed to|i['’]?m against"
    r"|(?:only|sole|one|single) exceptions?|the exception (?:being|is)|(?:as|being) (?:an |the )?exception"
    r"|aside(?=[ .!]{0,3}$)|intact|unharmed|unaltered"
    r"|(?:be|being|is|are|gets?) (?:kept|preserved|retained|spared|excluded|skipped|omitted|ignored)"
    r"|left (?:out|alone|in place)|woe betide|veto(?:es|ed)?|exceptions?(?=:)|too \w+ to|unacceptable"
    r"|(?:impossible|illegal|unwise|a bad idea|a mistake|wrong) to",
    "frag(?:e|en sie)? (?:mich|uns) (?:vorher|erst|zuerst|bevor)|demande(?:z|s)?[- ]moi (?:d['’]abord|avant)"
    "|pregúnt[ae]me (?:antes|primero)|pergunte-me antes|chiedimi prima",
    "nicht|nichts|kein(?:e[nmrs]?)?|keinerlei|keinesfalls|keineswegs|mitnichten|nimmer|niemals|nie"
    "|niemand(?:e[nm])?|weder"
    "|verboten|verbiet\\w*|untersag\\w*|tabu|unberührt|unangetastet|in ruhe|weigere|wehe|verhinder\\w*|bleib(?:t|en)?",
    "pas|jamais|rien|aucune?|(?<!la )(?<!une )(?<!cette )personne|ni|interdi\\w{1,7}|défense de|défend\\w{1,3}|nullement"
    "|(?:doi(?:t|vent) )?rester|refuse\\w* (?:de|que)",
    "ojo con|cuidado con|nunca|jamás|nada|nadie|ning[uú]n[oa]?|tampoco|proh[ií]b\\w{1,6}|se qued\\w{1,4}"
    "|deben? quedar\\w*|permanec\\w{1,5}",
    "não|nao|nem|jamais|ninguém|nenhuma?|proib\\w{1,6}|(?:modo|forma|maneira|hipótese) alguma?|deve\\w? ficar"
    "|fica(?=[ .!]{0,3}$)|tampouco",
    "non|mai|niente|nulla|né|nessun[oa]?|vietat[oaie]|vieto|proibi\\w{1,5}|(?:deve|devono) (?:restare|rimanere)"
    "|rest(?:a|are)",
)
"""All of its clause is forbidden, what stands before it too."""

NE: Final = re.compile(r"(?<!\w)(?:ne\s|n['’])")
"""How French begins to deny."""

SIGNS: Final = re.compile(
    "不|没|沒|别|別|勿|莫|甭|休想|禁止|严禁|禁じ|避免|拒绝|保留|留下|留着|留住|跳过|而非|无(?:需|须|法|权)|未经"
    "|な(?:い|く|かっ|けれ|きゃ)|ません|ませぬ|まい(?=[。.!、]|$)|せず|ずに|[さらわかがなたばま]ず(?=[、,])"
    "|[うくすつぬむるぐぶ]な(?=よ|って|と(?:言|い)|[。.!!、,\\s]|$)"
    "|禁|残し|残す|残せ|そのまま|避け|控え|だめ|ダメ|駄目|やめ|止め|よせ|触れるべから|手を出"
    "|지 ?마|지 ?말|지 ?않|지 ?못|안 ?됩|안 ?돼|안 ?되|금지|불가|없이|없(?:다|어|습|음|는|으)|아니|남겨|남기|피해|그대로"
    "|놔 ?[두둬]|놓아 ?[두둬]|내버려|보존|지켜|건너뛰"
)
BEHIND: Final = re.compile(
    "ずに|ないで(?!くだ|下さ|ほし|欲し|ね|よ|[。.!\\s]|$)|以外|之外|除い|除く|を除|除外|抜き|なしで|제외|빼고"
    "|말고|외에|외의|이외|排除在外"
)
"""Behind what it excepts."""

EXCEPT_SIGN: Final = re.compile("除了|除去|除(?!去|了|い|く|外)(?=[^,、]{0,200}外)|除非")

ALL_BUT: Final = re.compile(
    r"\b((?:all|every\w*|any\w*|each|whole|lot|nothing|none|nobody|no one)\b(?:\s+(?!(?:and|or"
    r"|then)\b)[^\s,]{1,64}){0,8}?)"
    r"(?:,?\s+(?:bar|minus)|\s+(?:but|(?<!to )(?<!please )save(?!\s+(?:it|them|this|these|those|that|all)\b)"
    r"|less))(?=\s+(\S+))"
)
"""`everything in /srv but`: an exception, unless what follows is a request of its own."""

_TURNS: Final = (
    "but however yet aber sondern jedoch mais pero sino mas porém ma però "
    "但是 但 不过 而是 ただし しかし けど ですが 하지만 그러나 지만"
)
TURNS: Final = frozenset(_TURNS.split())
"""Where a prohibition may end and a request begin."""

_RELATIVE: Final = "that which who where so dass qui que che"
_CONDITIONS: Final = (
    "if because since when while whenever although though whereas until weil wenn falls obwohl parce car puisque "
    "porque aunque pois embora perché poiché sebbene ので 因为 所以 如果 때문에"
)
CONDITIONS: Final = frozenset(_CONDITIONS.split())
"""Behind it stands when or why. It forbids nothing by itself unless it names a deed or a thing."""

SUBORDINATE: Final = CONDITIONS | frozenset(_RELATIVE.split())
"""Behind it stands something about what was said before it."""

UNLESS: Final = frozenset(["unless", "es sei denn", "à moins que", "a não ser", "除非"])

BOUND: Final = re.compile(
    r"(,(?!\d)|[()\[\]、]|\s[-–—]+\s|—|(?<=[.!?])[”\"]\s|(?<![\w.@/\\-])(?:and|or|und|oder|et|ou|y|o|e|"
    + "|".join(sorted(word for word in TURNS | SUBORDINATE if word[0].isalpha() and ord(word[0]) < 0x250))
    + r")(?<!plutôt que)(?<!moins que)(?![\w@/\\-]|\.\w)|"
    + "|".join(sorted((word for word in TURNS | SUBORDINATE if ord(word[0]) >= 0x250), key=len, reverse=True))
    + r"|(?<=ない)から|(?<=하)되(?=\s)|(?<=[없않])(?:으니까?|[어아]서)|(?=而(?:不是|非)))"
)
QUICK: Final = re.compile("|".join(each.pattern for each in (ALL_BUT, EXCEPT, DO, WHOLE, NE)))
WIDE: Final = re.compile("|".join(each.pattern for each in (SIGNS, BEHIND, EXCEPT_SIGN)))
