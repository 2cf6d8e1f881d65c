"""Ordinary verbs of doing in other languages than English, in the families of `vocabulary`.

They say what a user asked for where the user does not speak English, and which sentences of other people demand something.
Beginnings of words, since verbs are inflected, or with `_` whole ones, where English has other words like it; of Chinese,
Japanese and Korean the verb itself, anywhere in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_BEGINNINGS: Final[dict[str, str]] = {
    "buy": "kauf bestell reservier compra_ comprar comprá adquier achet réserv acquist prenot ordina_",
    "pay": "bezahl zahle_ überweis begleich pagar paga_ pague pagá transfier payer paie_ payez règle_ virer virez bonific",
    "refund": "erstatt rückerstatt reembols devuelv rembours rimbors",
    "send": "sende_ schick verschick benachrichtig informier teile_ antwort envía envia_ enviar envie_ enviá manda_ mandá "
    "comparte avisa_ envoi envoy transmet partag répond préven invia_ inoltra condivid",
    "publish": "veröffentlich poste_ lade_ hochlad publica_ publiqu sube_ subir_ téléverse pubblica carica_",
    "visit": "öffne besuch abre_ abrir_ visita_ ouvre_ ouvrir ouvrez apri_ aprire",
    "fetch": "herunterlad installier speicher descarga instala_ guarda_ télécharg scarica",
    "identity": "berechtig freischalt freigeb füge_ hinzufüg einlad invita_ autoriza_ concede_ añad autoris accorde_ "
    "accordez ajout aggiung",
    "change": "änder aktualisier bearbeit ersetz umbenenn cambia_ cambiar modific modifi actualiza atualiz edita_ remplac "
    "aggiorna",
    "delete": "lösch entfern stornier storno kündig elimin borra_ borras_ borre_ borres_ borren_ borrar cancela quita_ "
    "supprim annul effac cancell rimuov apaga_ apague apagar",
    "add": "erstell schreib füge_ hinzufüg lege_ crea_ crear_ crée créer créez añad agrega_ escrib genera_ ajout écri "
    "aggiung scriv crie_",
    "move": "verschieb kopier exportier sichere_ mueve copia_ exporta_ déplac exporte_ copiez sposta esporta",
    "run": "führe_ ausführ ejecut exécut lancez esegu",
    "schedule": "terminier programa_ planific planifi pianific",
}
_SIGNS: Final[dict[str, str]] = {
    "buy": "购买 购置 买 预订 订购 下单 購入 購買 注文 予約 구매 주문 예약",
    "pay": "支付 付款 转账 轉帳 汇款 匯款 支払 送金 振込 振り込 지불 결제 송금",
    "refund": "退款 返金 払い戻 환불",
    "send": "发送 發送 发给 发邮件 发短信 回复 通知 分享 转发 送信 送って 返信 共有 転送 보내 전송 알려",
    "publish": "发布 發布 上传 上傳 提交 公開 投稿 アップロード 게시 업로드",
    "visit": "打开 打開 访问 訪問 開い 開く アクセス 열어 방문",
    "fetch": "下载 下載 安装 安裝 ダウンロード インストール 다운로드 설치",
    "identity": "邀请 邀請 授权 授權 添加 招待 許可 追加 초대 권한",
    "change": "更改 修改 更新 变更 變更 変更 修正 변경 수정",
    "delete": "删除 刪除 删掉 取消 移除 清除 削除 消し 消す 消さ キャンセル 取り消 삭제 취소 지우 지워",
    "add": "创建 創建 添加 新建 生成 写入 作成 追加 生成 書い 만들 추가 작성",
    "move": "移动 移動 复制 複製 备份 导出 匯出 コピー エクスポート バックアップ 이동 복사 내보내",
    "run": "运行 執行 执行 実行 실행",
    "schedule": "安排 计划 計劃 预约 予定 スケジュール 일정",
}


def _families(listed: dict[str, str]) -> dict[str, frozenset[str]]:
    return {
        verb.replace("_", " "): frozenset(name for name, verbs in listed.items() if verb in verbs.split())
        for verbs in listed.values()
        for verb in verbs.split()
    }


_BY_BEGINNING: Final = _families(_BEGINNINGS)
_STARTS: Final = tuple(_BY_BEGINNING)
_OPENINGS: Final = frozenset(start[:3] for start in _STARTS)
"""Most words begin like none of these, which is told faster than by comparing them with each beginning."""

_BY_SIGN: Final = _families(_SIGNS)
_SIGN: Final = re.compile("|".join(sorted(_BY_SIGN, key=len, reverse=True)))


def abroad(words: Sequence[str], text: str) -> set[str]:
    """Return the families of the verbs of a sentence; `words` are its words, of a text that went through `clean`."""
    found: set[str] = set()
    for word in words:
        if _begins(word):
            whole = f"{word} "
            found.update(*(_BY_BEGINNING[start] for start in _STARTS if whole.startswith(start)))
    if not text.isascii():
        found.update(*(_BY_SIGN[sign] for sign in _SIGN.findall(text)))
    return found


def demands_abroad(words: Sequence[str], text: str) -> bool:
    """Whether a sentence begins with such a verb, or holds one of a language that puts it anywhere."""
    return any(map(_begins, words[:4])) or (not text.isascii() and _SIGN.search(text) is not None)


def _begins(word: str) -> bool:
    return word[:3] in _OPENINGS and f"{word} ".startswith(_STARTS)
