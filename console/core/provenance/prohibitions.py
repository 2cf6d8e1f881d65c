"""The words with which people forbid and except, in nine languages, as patterns of a text that went through `clean`.

`clean` folds case, so that a sharp s is written `ss`. Every repetition is bounded: what is read may be the worst text there is.
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
    "|outside of|not including|unless|lest",
    "ohne|ausser|außer|ausgenommen|ausgeschlossen|ausschliessend|abzüglich|exklusive|bis auf|abgesehen von|statt|anstatt"
    "|anstelle|mit (?:der )?ausnahme|es sei denn",
    "sans|sauf|exceptée?s?|hormis|à part|mise?s? à part|à l['’]exception|à l['’]exclusion|exclusion faite|exception faite"
    "|en dehors|exclue?s?|excluant|au lieu d[e'’]|plutôt qu[e'’]|hors|à moins que",
    "sin|excepto|exceptuando|exceptuad[oa]s?|salvo|menos|(?:a|con)(?: la)? excepción|con exclusión|excluyendo|excluid[oa]s?"
    "|quitando|descontando|fuera de|aparte de|en vez de|en lugar de",
    "sem|exceto|excepto|ex[cp]etuando|a não ser|(?:à|com|com a) exceção|excluindo|(?:tudo|todos|todas) fora|em vez de"
    "|ao invés de",
    "senza|tranne|eccetto|eccettuat[oaie]|salvo|meno|a parte|(?:a|ad|con|fatta|fatt'|con l['’])(?: )?eccezione"
    "|(?:a|ad|all['’]) ?esclusione|esclus[oaie]|escludendo|all['’]infuori|invece di|fuorché|anziché",
)
"""Behind it stands what is excepted; before it what is asked for. At the end of its clause it excepts what stands before."""

DO: Final = _any(
    "do not|don['’]?t|do n['’]t|not|n['’]t|avoid(?:ing)?|refrain\\w*|abstain\\w*|stay away|steer clear|keep (?:clear|away)"
    "|hands off|keep (?:your )?hands off|beware of|nor|neither|prevent(?:s|ing)?|refuses? to|disallow|(?:stop|quit|cease) \\w+ing"
    "|let [\\w./@-]{1,64} (?:be|alone|live|stay|stand|remain)",
    "(?:please )?(?:keep|leave|spare|preserve|retain|protect|safeguard|exempt|skip|exclude|omit|ignore|disregard)",
    "hold off|forget about|(?:keep|leav|spar|preserv|retain|protect|safeguard|exempt|skipp|exclud|omitt|ignor)ing",
    "behalte|behalten sie|lass|lasse|lassen sie|vermeide|vermeiden sie|verschone|bewahre|(?:finger|hände) weg|l[aä]ss\\w* [^,]{0,20}finger"
    "|verzicht\\w*|unterlass\\w*|ignorier\\w*|überspring\\w*|schone",
    "garde|gardez|conserve|conservez|laisse|laissez|évite\\w*|épargne\\w*|abst\\w{2,9}(?:-\\w{2,5})?|empêche\\w*|ignore\\w*|préserve\\w*",
    "evita|evite|evitar|deja|deje|dejar|conserva|conservar|mantén|mantenga|mantener|mantenha|mantém|deixe|deixa|guarde"
    "|abst[eé]n\\w*|impid\\w+|impeça\\w*|ignora|ignore|poupe|preserve",
    "mantieni|lascia|lasciare|lasciate|tieni|evitare|evitate|guardati dal\\w*|impedisci\\w*|risparmia|ignorare",
)
"""Behind it stands what is forbidden, and before it too unless that is a request of its own."""

WHOLE: Final = _any(
    r"(?:must|should|shall|may|might|can|could|need|ought|dare|is|are|was|were|am|has|have|had|did|does) ?not|cannot|never|nothing|nobody|no ?one|none of|no"
    r"|(?:ai|are|ca|could|dare|did|does|had|has|have|is|may|might|must|need|ought|sha|should|was|were|wo|would)n['’]?t",
    r"(?:you|would|will) (?:will )?not (?:like|want)|you will not"
    r"|did not (?:want|ask|say|mean|order|request|approve|agree)",
    r"(?:is|are|isn['’]t|aren['’]t|be) (?:not )?(?:to stay|to remain|to be kept|to be left|off[- ]limits"
    r"|forbidden|prohibited|taboo)",
    r"off[- ]limits|forbid(?:s|den)?|forbade|prohibit(?:s|ed)?|banned|untouched|untouchable|out of bounds|hands-off|no-go"
    r"|sacred|sacrosanct|off the table|out of the question|exempted|spared",
    r"(?:must|should|shall|has to|have to|needs? to|ought to|can|may|is to|are to) (?:stay|remain)"
    r"|(?:stays|remains)(?= where| as | in place| put|[ .!]{0,3}$)",
    r"(?:would|i['’]d|we['’]d) (?:hate|regret)|refuse[sd]? to (?:let|allow|have|see)|objects? to|(?:am|are|strictly|totally) opposed to|i['’]?m against"
    r"|(?:only|sole|one|single) exceptions?|the exception (?:being|is)|(?:as|being) (?:an |the )?exception|aside(?=[ .!]{0,3}$)|intact|unharmed|unaltered|unchanged"
    r"|left (?:out|alone|in place)|too \w+ to|unacceptable|(?:impossible|illegal|unwise|a bad idea|a mistake|wrong) to",
    "nicht|nichts|kein(?:e[nmrs]?)?|keinerlei|keinesfalls|keineswegs|mitnichten|nimmer|niemals|nie|niemand(?:e[nm])?|weder"
    "|verboten|verbiet\\w*|untersag\\w*|tabu|unberührt|unangetastet|in ruhe|weigere|verhinder\\w*|bleib(?:t|en)?",
    "pas|jamais|rien|aucune?|(?<!la )(?<!une )(?<!cette )personne|ni|interdi\\w{1,7}|défense de|défend\\w{1,3}|nullement"
    "|(?:doi(?:t|vent) )?rester|refuse\\w* (?:de|que)",
    "nunca|jamás|nada|nadie|ning[uú]n[oa]?|tampoco|proh[ií]b\\w{1,6}|se qued\\w{1,4}|deben? quedar\\w*|permanec\\w{1,5}",
    "não|nao|nem|jamais|ninguém|nenhuma?|proib\\w{1,6}|(?:modo|forma|maneira|hipótese) alguma?|deve\\w? ficar"
    "|fica(?=[ .!]{0,3}$)|tampouco",
    "non|mai|niente|nulla|né|nessun[oa]?|vietat[oaie]|vieto|proibi\\w{1,5}|(?:deve|devono) (?:restare|rimanere)|rest(?:a|are)",
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
    "ずに|ないで(?!くだ|下さ|ほし|欲し|ね|よ|[。.!\\s]|$)|以外|之外|除い|除く|を除|除外|抜き|なしで|제외|빼고|말고|외에|외의|이외|排除在外"
)
"""Behind what it excepts."""

EXCEPT_SIGN: Final = re.compile("除了|除去|除(?!去|了|い|く|外)(?=[^,、]{0,200}外)|除非")

ALL_BUT: Final = re.compile(
    r"\b((?:all|every\w*|any\w*|each|whole|lot|nothing|none|nobody|no one)\b(?:\s+(?!(?:and|or|then)\b)[^\s,]{1,64}){0,8}?)"
    r"(?:,?\s+(?:bar|minus)|\s+(?:but|(?<!to )(?<!please )save(?!\s+(?:it|them|this|these|those|that|all)\b)|less))(?=\s+(\S+))"
)
"""`everything in /srv but`: an exception, unless what follows is a request of its own."""

PLAINLY_ASKS: Final = re.compile(
    # A question or an order that only looks denied.
    r"\bwhy (?:do not|don['’]?t|not|do) (?:you|we)(?: not)?\b|\bwhy not\b|^(?:please )?(?:ca|could|wo|would)n['’]?t you\b"
    r"|\b(?:can|could|will|would) you not\b|\bif not\b|\b(?:or|why|whether) not\b"
    r"|\b(?:do not|don['’]?t|never|not) (?:to )?(?:hesitate|forget|fail|worry|be (?:afraid|shy)|wait|delay|mind|care)\b"
    r"|\b(?:do not|don['’]?t) (?:ask|tell|bother|remind) me\b|\b(?:do not|don['’]?t) bother (?:asking|with)\b"
    r"|\b(?:do not|don['’]?t|never|not) (?:stop|rest|leave|finish|go) (?:\w+ ){0,3}?(?:until|till|before)\b"
    r"|\b(?:ca|do|must|should)n['’]?t [^,]{0,40}?\bwithout(?= \w+ing\b)|\bcannot [^,]{0,40}?\bwithout(?= \w+ing\b)"
    r"|\b(?:nothing|nobody|none|no one)(?: else)? (?:but|except|other than|besides|apart from)\b"
    r"|\bnot only\b|\bnothing (?:else|more)\b|\bno (?:other|additional|further)\b|\bexcept [\w, ().]{0,200}:"
    r"|\bno (?:later|earlier|more|less|fewer|problem|matter|doubt|worries|thanks?|thank you|rush|hurry|questions?"
    r"|exceptions?|objections?|idea)\b|\bno need to (?:ask|confirm|wait|worry|check|tell|reply|hurry|thank)\b"
    r"|\bno\.? ?#?\d|^no\s*[,.!]"
    r"|\bwithout (?:asking|confirm\w*|further|delay|hesitat\w+|waiting|fail|question\w*|exception|telling|a doubt)\b"
    r"|\b(?:not to|not want to|don['’]t want to|without) (?:re)?(?:typ|read|repeat|say|spell)\w*\b"
    r"|\bleave (?:on|at|from|for|by|after|before|in|tomorrow|today)\b"
    r"|\b(?:keep|leave) (?:in mind|going|me (?:posted|informed|updated)|a (?:comment|message|review|note|reply))\b"
    # German, French, Spanish, Portuguese, Italian.
    r"|\bvergiss\w* (?:es |bitte )?nicht\b|\bnicht (?:vergessen|zögern|nur|zuletzt|wahr|morgen|heute|jetzt|später|erst)\b|\bzöger\w* nicht\b"
    r"|\bkeine? (?:problem|sorge|frage|thema|eile)\b|\bmacht nichts\b|\bnichts (?:ausser|anderes als|als)\b"
    r"|\bohne (?:weiteres|zweifel|frage|rückfrage|nachzufragen|zu (?:fragen|zögern))\b"
    r"|\b(?:warum|wieso|weshalb) \w{1,20} (?:du|sie|ihr|wir)(?: \w{1,12})? nicht\b"
    r"|^(?:kannst|könntest|willst|würdest|magst) du (?:bitte )?nicht\b|^(?:können|könnten|würden) sie (?:bitte )?nicht\b"
    r"|\bn['’](?:oubli|hésit)\w* pas\b|\bne (?:manqu|tard)\w* pas\b|\bpas (?:de (?:problème|souci)|seulement)\b"
    r"|\bnon seulement\b|\bpourquoi (?:ne )?pas\b|\bne (?:peux|pourrais|veux)-tu pas\b|\bne \w{1,20} que\b|\bn['’]importe\b"
    r"|\bn['’]\w{1,20} que\b|\bne (?:t['’]inquiète|vous inquiétez) pas\b"
    r"|\bsans (?:faute|hésiter|doute|demander|attendre|délai|problème)\b"
    r"|\bno (?:dud|olvid|vacil)\w*|\bno te olvides\b|\bno dejes? de\b|\bno (?:hay problema|pasa nada|importa|obstante)\b"
    r"|\bno s[oó]lo\b|\bpor ?qu[eéê] (?:você )?n(?:o|ão)\b|\bno (?:más|mas) de\b|\bcómo no\b"
    r"|\bsin (?:embargo|falta|duda|preguntar|problema|demora)\b|\bnada más\b|\b(?:at|by|al|por lo|pelo) menos\b|\bo menos\b"
    r"|\bnão (?:se )?esque[çc]\w*|\bnão hesit\w*|\bnão deixe de\b|\bnão há problema\b|\bnão (?:só|apenas|somente)\b"
    r"|\bnão se preocup\w*|\bsem (?:falta|demora|hesitar|perguntar|dúvida|problemas?)\b"
    r"|\bnon (?:ti )?(?:dimentic|esit|preoccup)\w*|\bnon mancare di\b|\bnon (?:solo|soltanto|appena|c['’]è problema)\b"
    r"|\bperché non(?=[^?]{0,200}\?)|\bsenza (?:dubbio|indugio|chiedere|esitare|problemi)\b|\bnessun problema\b|\bo meno\b"
    # Chinese, Japanese, Korean; words that hold such a sign and deny nothing.
    r"|(?:不要|别|不能|请勿|勿)忘(?:记|了)?|(?:别|不用|不必)担心|没问题|没关系|不客气|不好意思|对不起|为什么不|何不|怎么不"
    r"|要不要|能不能|可不可以|是不是|会不会|好不好|行不行|不仅|不但|不只|不光|不久|不断|不同|不错|不少|不管|不论|不如|不足"
    r"|不动产|差不多|不得不|不妨|毫不犹豫|只不过|特别|特別|类别|分别|区别|级别|个别|性别|识别|别的|別の|別途"
    r"|(?:不再|不)(?:需要|使用|用)的|没用的"
    r"|忘れ(?:ず|な|る(?=な))(?:に|いで|いよう|く)?|お忘れなく|な(?:ければ|くては|きゃ|いと)(?:なりません|ならない|いけません|いけない)"
    r"|(?:くれ|もらえ|いただけ|し)ませんか|(?:くれ|もらえ|いただけ|し)ない(?:か|ですか|でしょうか|\?)|(?:構|かま)(?:いません|わない)"
    r"|問題(?:ありません|な[いく])|差し支え(?:ありません|ない)|遠慮(?:なく|せず)|すみません|申し訳(?:ありません|ない)|間違いな[くい]"
    r"|間?もなく|少な[いく]|だけでな[くい]|ばかりでなく|かもしれ(?:ない|ません)|不要な|不明|不具合|不正|不動産|止めど"
    r"|잊지 ?(?:마|말|않)\w{0,4}|지? ?않으면 안 ?[됩되돼]\w{0,3}|지 ?않(?:겠|으시겠|을래|으실)\w{0,3}"
    r"|(?:걱정|망설이|주저)(?:하지|지)? ?(?:말고|마|말)\w{0,4}|(?:문제|상관) ?없\w{0,3}|틀림 ?없\w{0,2}|뿐만? ?아니라|어쩔 ?수 ?없"
    r"|\d\.?\s*mai\b|\bmai \d"
)
"""What has the words of a prohibition and plainly asks, or says nothing of the kind. These very words are passed over."""

_STATE: Final = (
    r"(?:used|needed|required|necessary|wanted|in use|found|sure|certain|able|aware|clear|working|available|running|yet|there"
    r"|present|known|open|listed|backed up|installed|tracked)\b"
)
_MEANT: Final = (
    r"(?! (?:to|for|allowed|permitted|ok|okay|fine|acceptable|supposed|meant|be|going|an? (?:option|choice|candidate)|yours"
    r"|want|ask|say|mean|order|request|approve|agree|tell|told|asked|authori[sz]e|get|go|become|disappear|vanish|change|reach"
    r"|included|part|among|like|happy|keen|(?!working|running|feeling|looking|missing|showing|loading)\w+ing)\b)(?! [^\s]{0,64}[./@_\\]\w)"
)
DESCRIBES: Final = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|did|does)(?: not|n['’]?t)\b" + _MEANT + r"|['’](?:s|m|re) not\b" + _MEANT + r"|\bnot " + _STATE + r"(?! (?:you|we|that you|if you|whether you|it is)\b)|\b(?:won['’]?t|will not|can['’]?t|cannot) be able\b|\b(?:i|we) "
    r"(?:can ?not|can['’]?t|couldn['’]?t|could not) (?:even |seem to |\w+ly )?(?:open|find|see|log|access|reach|connect|install"
    r"|load|remember|recall|tell|figure|make|come|attend|be|get|read|understand|think|believe|wait|do|go|stand|use|run|work"
    r"|check|look|sign|view|help|decide|print|download)\b"
    r"|\b(?:i|we) (?:won['’]?t|will not) (?:be|need|come|attend|make it|use|require|know|have time)\b"
    r"|\b(?:i|we|they|you) (?:do not|don['’]?t|did not|didn['’]?t) (?:\w+ly |even |yet )?(?:need|require|use|know|see|have|own"
    r"|remember|recall|recogni[sz]e|understand|think|believe|find|get|care|mind)\b(?! (?:\S+ ){0,6}?(?:to|\w+ed|gone)\b)"
    r"|\bnot (?:know|remember|recall|understand)\b|\b(?:no need|need ?n['’]?t|not need|don['’]?t need|don['’]?t have)"
    r" (?:to )?keep\s|\bno longer (?:need|use|require|want|valid|work|exist|available|relevant|in use)\w*"
    r"|\b(?:nobody|no one|(?:i|we|they|people) never|none of us) (?:\w+ )?(?:uses?|needs?|reads?|wants?|opens?|knows?|remembers?|cares?|used|needed)\b"
    r"|\b(?:have|has|had|is|are|was|were|there['’]s|with|see|got) no\b(?! (?:need|reason|way|permission|right|business|point)\b)"
    r"|\b(?:nicht|keine?[nmrs]?|nie)(?: mehr| länger)? (?:gebraucht|benötigt|nötig|notwendig|verwendet|genutzt|gefunden|sicher|da"
    r"|aktuell|bekannt|verfügbar)\b"
    r"|\b(?:brauch|benötig|nutz|verwend|kenn|find|weiss|hab|versteh|seh)\w{0,3} [^,]{0,40}?(?:nicht|kein\w{0,2})\b"
    r"|\b(?:ne |n['’])(?:l['’]|en |m['’]|me |nous |y )?(?:est|sont|était|ai|as?|avons|ont|sert|servent|sais|trouve|utilise|existe"
    r"|fonctionne|marche|vois|connais)\b(?: (?:plus|pas|rien|jamais|aucune?))?(?! (?:autoris|permis))"
    r"|\bno (?:lo |la |los |las |me |nos |se |le )?(?:necesit\w+|sirv\w+|us[aoe]\w*|hace\w? falta|sé|encuentr\w+|funcion\w+|exist\w+"
    r"|est[aá]\w{0,2}|es|son|tengo|hay|recuerdo|veo|puedo (?:abrir|entrar|ver))\b(?! (?:permiti|autoriz|para))"
    r"|\bnão (?:os? |as? |me |nos |se )?(?:precis\w+|serv\w+|us[aoe]\w*|sei|encontr\w+|funcion\w+|exist\w+|está\w*|estou|é|são|tenho"
    r"|há|lembro|vejo|consigo (?:abrir|entrar|ver))\b(?! (?:permiti|autoriz|para))"
    r"|\bnon (?:mi |ci |lo |la |li |le |ne |si )?(?:serv\w+|us[aoi]\w*|so|trov\w+|funzion\w+|esist\w+|è|sono|ho|abbiamo|ricordo|vedo"
    r"|riesco)\b(?! (?:permess|consentit|ammess|da\b))"
    r"|(?:不再|不)(?:需要|使用|用|要)了?|没(?:有)?(?:用|人)|不(?:知道|清楚|确定|记得|在|存在)|[打找看]不[开到见]|无法(?:打开|找到|访问|登录)"
    r"|没(?:有|能)?(?:找到|收到|打开|看到)"
    r"|(?:要ら|いら|使わ|使用し|使ってい|使われてい|必要[がはで]?|分から|わから|知ら|開け|読め|見つから|でき|出来)(?:な[くい]|ません|なかった)|不要"
    r"|필요 ?(?:가 |는 )?없\w?|(?:쓰|사용하|필요하)지 ?않|안 ?[쓰써]|[열찾][을]? ?수 ?없\w?"
)
"""A denial that only tells how something is. What is named beside it is neither asked for nor forbidden."""

WISHES: Final = re.compile(
    r"\b(?:rather|wish|prefer|sooner|hope|hate|ensure|make sure|see to it|be sure|take care|careful|guarantee|sorg\w*"
    r"|assure\w*|asegúr\w*|assegur\w*|assicur\w*)\b|确保|確保|保证|ように|도록"
)
"""`I'd rather you didn't`, `make sure it is not`: behind it no denial only describes."""

KEEPS_NOT: Final = (
    (
        re.compile(
            r"\b(?:do not|don['’]?t|never|not|cannot|can['’]?t|mustn['’]?t|shouldn['’]?t)(?: want(?: you)? to| \w+ly)?"
            r" (?:keep(?! \w+ing\b)|spare|preserve|retain|hold on to)(?=\s)(?! (?:me|us|him|her|them)\b)(?![^,.]{0,80}[@]|[^,]{0,80}"
            r"\b(?:loop|informed|posted|updated|touch|cc|thread|from)\b)"
            r"|\bno (?:point|sense|use) (?:in )?keeping(?=\s)"
            r"|\b(?:do not|don['’]?t|never) leave(?=[^,@]{1,80}\b(?:lying|around|behind|on (?:the|my|our|this) \w+)\b)"
        ),
        "remove",
    ),
    (re.compile(r"\b(?:do not|don['’]?t|never) (?:skip|omit|exclude)(?=\s)"), "do"),
    (re.compile(r"\bbehalte\b(?=([^,@]{1,60}) nicht\b)[^,@]{1,60} nicht\b"), r"lösche \1"),
    (re.compile(r"\bne (?:garde|gardez|conserve|conservez) pas\b(?![^,]{0,80}@)"), "supprime"),
    (re.compile(r"\bno (?:guardes?|conserves?|mantengas?)\b(?![^,]{0,80}@)"), "borra"),
    (re.compile(r"\bnão (?:guarde|conserve|mantenha)\b(?![^,]{0,80}@)"), "apague"),
    (re.compile(r"\bnon (?:tenere|conservare|mantenere)\b(?![^,]{0,80}@)"), "cancella"),
    (re.compile("(?:不要|别|不用|请勿)(?:保留|留下|留着)"), "删除"),
    (re.compile("残さないで|残すな|残さず"), "削除して"),
    (re.compile("(?:남기|보관하|보존하)지 ?(?:마세요|마십시오|마라|마)"), "삭제하세요"),
)
"""What must not be kept is to go: said as the request that it is."""

TURNS: Final = frozenset(
    "but however yet aber sondern jedoch mais pero sino mas porém ma però 但是 但 不过 而是 ただし しかし けど ですが 하지만 그러나 지만"
    .split()
)  # fmt: skip
"""Where a prohibition may end and a request begin."""

SUBORDINATE: Final = frozenset(
    "if because since that which who when while whenever although though whereas where so until weil wenn falls dass parce car "
    "qui que puisque porque pois perché che poiché aunque obwohl embora sebbene ので 因为 所以 如果 때문에".split()
)
"""Behind it stands something about what was said before it."""

CONDITIONS: Final = SUBORDINATE - {"that", "which", "who", "where", "so", "dass", "qui", "que", "che"}
"""Behind it stands when or why. It forbids nothing by itself unless it names a deed or a thing."""

UNLESS: Final = frozenset(["unless", "es sei denn", "à moins que", "a não ser", "除非"])

BOUND: Final = re.compile(
    r"(,(?!\d)|[()\[\]、]|\s[-–—]+\s|(?<![\w.@/\\-])(?:and|or|und|oder|et|ou|y|o|e|"
    + "|".join(sorted(word for word in TURNS | SUBORDINATE if word[0].isalpha() and ord(word[0]) < 0x250))
    + r")(?<!plutôt que)(?<!moins que)(?![\w@/\\-]|\.\w)|"
    + "|".join(sorted((word for word in TURNS | SUBORDINATE if ord(word[0]) >= 0x250), key=len, reverse=True))
    + r"|(?<=ない)から|(?<=하)되(?=\s)|(?<=[없않])(?:으니까?|[어아]서)|(?=而(?:不是|非)))"
)
QUICK: Final = re.compile("|".join(each.pattern for each in (ALL_BUT, EXCEPT, DO, WHOLE, NE)))
WIDE: Final = re.compile("|".join(each.pattern for each in (SIGNS, BEHIND, EXCEPT_SIGN)))
