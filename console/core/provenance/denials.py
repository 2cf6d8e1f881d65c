"""What has the words of a prohibition and is none: idioms that ask, denials that only tell, and keeping denied.

Patterns of a text that went through `clean`, in nine languages. Nothing but these very words is passed over: what is not
listed here forbids.
"""

from __future__ import annotations

import re
from typing import Final

PLAINLY_ASKS: Final = re.compile(
    # A question or an order that only looks denied.
    r"\bwhy (?:do not|don['’]?t|not|do) (?:you|we)(?: not)?\b|\bwhy not\b|^(?:please )?(?:ca|could|wo|would)n['’]?t you\b"
    r"|\b(?:can|could|will|would) you not\b|\bif not\b|\b(?:or|why|whether) not\b"
    r"|\b(?:do not|don['’]?t|never|not) (?:to )?(?:hesitate|forget|fail|worry|be (?:afraid|shy)|wait|delay|mind|care)\b"
    r"|\b(?:do not|don['’]?t) (?:ask|tell|bother|remind) me\b|\b(?:do not|don['’]?t) bother (?:asking|with)\b"
    r"|\b(?:do not|don['’]?t|never|not) (?:stop|rest|leave|finish|go) (?:\w+ ){0,3}?(?:until|till|before)\b"
    r"|\b(?:ca|do|must|should)n['’]?t [^,]{0,40}?\bwithout(?= \w+ing\b)|\bcannot [^,]{0,40}?\bwithout(?= \w+ing\b)"
    r"|\b(?:nothing|nobody|none|no one)(?: else)? (?:but|except|other than|besides|apart from)\b"
    r"|\b(?:do|does|must|should|may|can|will|shall)(?: not|n['’]?t) (?:exceed|surpass|cost (?:me )?more"
    r"|go (?:over|above|beyond))\b"
    r"|\bsi no (?:te|le|os) (?:importa|molesta)\b|\bsi (?:ça|cela) ne (?:te|vous) (?:dérange|gêne) pas\b"
    r"|\bse não se importa\b|\bse non (?:ti|le|vi) dispiace\b|\bwenn es (?:dir|ihnen|euch) nichts ausmacht\b"
    r"|[“\"](?:no longer|not) \w{1,20}(?: \w{1,20}){0,2}[.,]?[”\"]"
    r"|\bnot only\b|\bnothing (?:else|more)\b|\bno (?:other|additional|further)\b|\bexcept [\w, ().]{0,200}:"
    r"|\bno (?:later|earlier|more|less|fewer|problem|matter|doubt|worries|thanks?|thank you|rush|hurry|questions?"
    r"|exceptions?|objections?|idea)\b|\bno need to (?:ask|confirm|wait|worry|check|tell|reply|hurry|thank)\b"
    r"|\bno\.? ?#?\d|^no\s*[,.!]"
    r"|\bwithout (?:asking|confirm\w*|further|delay|hesitat\w+|waiting|fail|question\w*|exception|telling|a doubt)\b"
    r"|\b(?:not to|not want to|don['’]t want to|without) (?:re)?(?:typ|read|repeat|say|spell)\w*\b"
    r"|\bleave (?:on|at|from|for|by|after|before|in|tomorrow|today)\b"
    r"|\b(?:keep|leave) (?:in mind|going|me (?:posted|informed|updated)|a (?:comment|message|review|note|reply))\b"
    # German, French, Spanish, Portuguese, Italian.
    r"|\bvergiss\w* (?:es |bitte )?nicht\b|\bnicht (?:vergessen|zögern|nur|zuletzt|wahr|morgen|heute|jetzt"
    r"|später|erst)\b|\bzöger\w* nicht\b"
    r"|\bkeine? (?:problem|sorge|frage|thema|eile)\b|\bmacht nichts\b|\bnichts (?:ausser|anderes als|als)\b"
    r"|\bohne (?:weiteres|zweifel|frage|rückfrage|nachzufragen|zu (?:fragen|zögern))\b"
    r"|\b(?:warum|wieso|weshalb) \w{1,20} (?:du|sie|ihr|wir)(?: \w{1,12})? nicht\b"
    r"|^(?:kannst|könntest|willst|würdest|magst) du (?:bitte )?nicht\b|^(?:können|könnten|würden) sie (?:bitte )?nicht\b"
    r"|\bn['’](?:oubli|hésit)\w* pas\b|\bne (?:manqu|tard)\w* pas\b|\bpas (?:de (?:problème|souci)|seulement)\b"
    r"|\bnon seulement\b|\bpourquoi (?:ne )?pas\b|\bne (?:peux|pourrais|veux)-tu pas\b|\bne \w{1,20} que\b"
    r"|\bn['’]importe\b"
    r"|\bn['’]\w{1,20} que\b|\bne (?:t['’]inquiète|vous inquiétez) pas\b"
    r"|\bsans (?:faute|hésiter|doute|demander|attendre|délai|problème)\b"
    r"|\bno (?:dud|olvid|vacil)\w*|\bno te olvides\b|\bno dejes? de\b|\bno (?:hay problema|pasa nada|importa|obstante)\b"
    r"|\bno s[oó]lo\b|\bpor ?qu[eéê] (?:você )?n(?:o|ão)\b|\bno (?:más|mas) de\b|\bcómo no\b"
    r"|\bsin (?:embargo|falta|duda|preguntar|problema|demora)\b|\bnada más\b|\b(?:at|by|al|por lo|pelo) menos\b"
    r"|\bo menos\b"
    r"|\bnão (?:se )?esque[çc]\w*|\bnão hesit\w*|\bnão deixe de\b|\bnão há problema\b|\bnão (?:só|apenas|somente)\b"
    r"|\bnão se preocup\w*|\bsem (?:falta|demora|hesitar|perguntar|dúvida|problemas?)\b"
    r"|\bnon (?:ti )?(?:dimentic|esit|preoccup)\w*|\bnon mancare di\b|\bnon (?:solo|soltanto|appena|c['’]è problema)\b"
    r"|\bperché non(?=[^?]{0,200}\?)|\bsenza (?:dubbio|indugio|chiedere|esitare|problemi)\b|\bnessun problema\b"
    r"|\bo meno\b"
    # Chinese, Japanese, Korean; words that hold such a sign and deny nothing.
    r"|(?:不要|别|不能|请勿|勿)忘(?:记|了)?|(?:别|不用|不必)担心|没问题|没关系|不客气|不好意思|对不起|为什么不"
    r"|何不|怎么不"
    r"|要不要|能不能|可不可以|是不是|会不会|好不好|行不行|不仅|不但|不只|不光|不久|不断|不同|不错|不少|不管"
    r"|不论|不如|不足"
    r"|不动产|差不多|不得不|不妨|毫不犹豫|只不过|特别|特別|类别|分别|区别|级别|个别|性别|识别|别的|別の|別途"
    r"|(?:不再|不)(?:需要|使用|用)的|没用的"
    r"|忘れ(?:ず|な|る(?=な))(?:に|いで|いよう|く)?|お忘れなく|な(?:ければ|くては|きゃ|いと)(?:なりません"
    r"|ならない|いけません|いけない)"
    r"|(?:くれ|もらえ|いただけ|し)ませんか|(?:くれ|もらえ|いただけ|し)ない(?:か|ですか|でしょうか|\?)|(?:構"
    r"|かま)(?:いません|わない)"
    r"|問題(?:ありません|な[いく])|差し支え(?:ありません|ない)|遠慮(?:なく|せず)|すみません|申し訳(?:ありません"
    r"|ない)|間違いな[くい]"
    r"|間?もなく|少な[いく]|だけでな[くい]|ばかりでなく|かもしれ(?:ない|ません)|不要な|不明|不具合|不正|不動産|止めど"
    r"|잊지 ?(?:마|말|않)\w{0,4}|지? ?않으면 안 ?[됩되돼]\w{0,3}|지 ?않(?:겠|으시겠|을래|으실)\w{0,3}"
    r"|(?:걱정|망설이|주저)(?:하지|지)? ?(?:말고|마|말)\w{0,4}|(?:문제|상관) ?없\w{0,3}|틀림 ?없\w{0,2}"
    r"|뿐만? ?아니라|어쩔 ?수 ?없"
    r"|\d\.?\s*mai\b|\bmai \d"
)
"""What has the words of a prohibition and plainly asks, or says nothing of the kind. These very words are passed over."""

_STATE: Final = (
    r"(?:used|needed|required|necessary|wanted|in use|found|sure|certain|able|aware|clear|working|available"
    r"|running|yet|there"
    r"|present|known|open|listed|backed up|installed|tracked)\b"
)
_MEANT: Final = (
    r"(?! (?:to|for|allowed|permitted|ok|okay|fine|acceptable|supposed|meant|be|going|an? (?:option|choice"
    r"|candidate)|yours"
    r"|want|ask|say|mean|order|request|approve|agree|tell|told|asked|authori[sz]e|get|go|become|disappear"
    r"|vanish|change|reach"
    r"|included|part|among|like|happy|keen|(?!working|running|feeling|looking|missing|showing"
    r"|loading)\w+ing)\b)(?! [^\s]{0,64}[./@_\\]\w)"
)
DESCRIBES: Final = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|did|does)(?: not"
    r"|n['’]?t)\b"
    + _MEANT
    + r"|['’](?:s|m|re) not\b"
    + _MEANT
    + r"|\bnot "
    + _STATE
    + r"(?! (?:you|we|that you|if you|whether you|it is)\b)|\b(?:won['’]?t|will not|can['’]?t|cannot) be able\b"
    r"|\b(?:i|we) "
    r"(?:can ?not|can['’]?t|couldn['’]?t|could not) (?:even |seem to |\w+ly )?(?:open|find|see|log|access|reach"
    r"|connect|install"
    r"|load|remember|recall|tell|figure|make|come|attend|be|get|read|understand|think|believe|wait|do|go|stand"
    r"|use|run|work"
    r"|check|look|sign|view|help|decide|print|download)\b"
    r"|\b(?:i|we) (?:won['’]?t|will not) (?:be|need|come|attend|make it|use|require|know|have time)\b"
    r"|\b(?:i|we|they|you) (?:do not|don['’]?t|did not|didn['’]?t) (?:\w+ly |even |yet )?(?:(?:know|have|own|use"
    r"|remember|recall|recogni[sz]e|understand|find|get|care)\b(?! \S+ (?:\w+ed|gone)\b)"
    r"|(?:need|require|see|think|believe|mind)\b(?! (?:\S+ ){0,6}?(?:to|should|ought|must|\w+ed|gone)\b))"
    r"|\bnot (?:know|remember|recall|understand)\b|\b(?:no need|need ?n['’]?t|not need|don['’]?t need|don['’]?t have)"
    r" (?:to )?keep\s|\bno longer (?:need|use|require|want|valid|work|exist|available|relevant|in use)\w*"
    r"|\b(?:nobody|no one|(?:i|we|they|people) never|none of us) (?:\w+ )?(?:uses?|needs?|reads?|wants?|opens?"
    r"|knows?|remembers?|cares?|used|needed)\b"
    r"|\b(?:won['’]?t|will not) (?:be missed|matter|hurt|harm|take long)\b"
    r"|\b(?:nadie|ninguém|nessuno|niemand)(?: (?:l[aoe]s?|as?|os?|es|sie|ihn|das))?(?: más| mehr)? (?:us|utiliz"
    r"|necesit|precis|serv"
    r"|brauch|nutz|verwend)\w*|\bpersonne (?:ne |n['’])(?:l['’]|les? |la |en )?(?:utilise|a besoin|veut)\b"
    r"|(?<!\bbe )(?<!\bis )(?<!\bare )(?<!\bget )(?<!\bto )\bnever (?!asked|want|order|request"
    r"|approv|agree|authori|permit|allow)(?:\w+ed|came|got|had|saw|heard|found|knew)\b"
    r"|\b(?:have|has|had|is|are|was|were|there['’]s|with|see|got) no\b(?! (?:need|reason|way|permission|right"
    r"|business|point)\b)"
    r"|\b(?:nicht|keine?[nmrs]?|nie)(?: mehr| länger)? (?:gebraucht|benötigt|nötig|notwendig|verwendet|genutzt"
    r"|gefunden|sicher|da"
    r"|aktuell|bekannt|verfügbar)\b"
    r"|\b(?:brauch|benötig|nutz|verwend|kenn|find|weiss|hab|versteh|seh)\w{0,3} [^,]{0,40}?(?:nicht|kein\w{0,2})\b"
    r"|\b(?:ne |n['’])(?:l['’]|en |m['’]|me |nous |y )?(?:est|sont|était|ai|as?|avons|ont|sert|servent|sais"
    r"|trouve|utilise|existe"
    r"|fonctionne|marche|vois|connais)\b(?: (?:plus|pas|rien|jamais|aucune?))?(?! (?:autoris|permis))"
    r"|\bno (?:lo |la |los |las |me |nos |se |le )?(?:necesit\w+|sirv\w+|us[aoe]\w*|hace\w? falta|sé"
    r"|encuentr\w+|funcion\w+|exist\w+"
    r"|est[aá]\w{0,2}|es|son|tengo|hay|recuerdo|veo|puedo (?:abrir|entrar|ver))\b(?! (?:permiti|autoriz|para))"
    r"|\bnão (?:os? |as? |me |nos |se )?(?:precis\w+|serv\w+|us[aoe]\w*|sei|encontr\w+|funcion\w+|exist\w+"
    r"|está\w*|estou|é|são|tenho"
    r"|há|lembro|vejo|consigo (?:abrir|entrar|ver))\b(?! (?:permiti|autoriz|para))"
    r"|\bnon (?:mi |ci |lo |la |li |le |ne |si )?(?:serv\w+|us[aoi]\w*|so|trov\w+|funzion\w+|esist\w+|è|sono|ho"
    r"|abbiamo|ricordo|vedo"
    r"|riesco)\b(?! (?:permess|consentit|ammess|da\b))"
    r"|(?:不再|不)(?:需要|使用|用|要)了?|没(?:有)?(?:用|人)|不(?:知道|清楚|确定|记得|在|存在)"
    r"|[打找看]不[开到见]|无法(?:打开|找到|访问|登录)"
    r"|没(?:有|能)?(?:找到|收到|打开|看到)"
    r"|(?:要ら|いら|使わ|使用し|使ってい|使われてい|必要[がはで]?|分から|わから|知ら|開け|読め|見つから|でき"
    r"|出来)(?:な[くい]|ません|なかった)|不要"
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
            r" (?:keep(?! \w+ing\b)|spare|preserve|retain|hold on to)(?=\s)(?! (?:me|us|him|her"
            r"|them)\b)(?![^,.]{0,80}[@]|[^,]{0,80}"
            r"\b(?:loop|informed|posted|updated|touch|cc|thread|from)\b)"
            r"|\bno (?:point|sense|use) (?:in )?keeping(?=\s)|\bno (?:reason|need) to keep(?=\s)"
            r"|\b(?:do not|don['’]?t|never) leave(?=[^,@]{1,80}\b(?:lying|around|behind|on (?:the|my|our|this) \w+)\b)"
        ),
        "remove",
    ),
    (re.compile(r"\b(?:do|does|should|must)(?: not|n['’]?t) exist(?: any ?more)?\b"), "remove"),
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
