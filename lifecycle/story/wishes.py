"""Forty wishes for a shop, in English and Russian, as customers, developers and managers would write them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wish:
    """One idea of the demo. `fate` says how far the story takes it; `votes` how many of the crowd want it too.

    `scales` are urgency, importance and complexity from triage. `same_as` names the wish it is merged into.
    """

    key: str
    title: str
    body: str
    area: str
    votes: int
    days_ago: int
    by: str = "cleo"
    language: str = "en"
    kind: str = "feature"
    fate: str = "new"
    scales: tuple[int, int, int] | None = None
    same_as: str = ""
    reason: str = ""
    points: int = 3


WISHES = (
    # release 26.10: live
    Wish(
        "wishlist",
        "Keep a wish list",
        "I want to save things I like and come back to them on payday.",
        "Account",
        48,
        61,
        fate="accepted",
        scales=(3, 4, 2),
        points=5,
    ),
    Wish(
        "recent",
        "Show what I looked at last",
        "I lose the product I just saw and have to search for it again.",
        "Catalogue",
        27,
        58,
        by="carl",
        fate="accepted",
        scales=(2, 3, 1),
        points=2,
    ),
    # release 26.11: in testing
    Wish(
        "gift",
        "Gift wrapping option",
        "I send presents straight from the shop. Let me have them wrapped, with a card.",
        "Checkout",
        52,
        44,
        fate="accepted",
        scales=(3, 4, 3),
        points=5,
    ),
    Wish(
        "rusearch",
        "Поиск по-русски",
        "Ищу «чашка», а находит только «cup». Поиск должен понимать русские названия.",
        "Search",
        39,
        40,
        by="carl",
        language="ru",
        fate="accepted",
        scales=(4, 4, 2),
        points=3,
    ),
    # release 26.12: planned
    Wish(
        "freebar",
        "Tell me how much is missing for free delivery",
        "I never know whether one more thing saves me the delivery.",
        "Checkout",
        33,
        36,
        fate="accepted",
        scales=(2, 4, 1),
        points=2,
    ),
    Wish(
        "sticky",
        "Keep search and basket in sight while I scroll",
        "On a long list I scroll all the way up for the basket.",
        "Catalogue",
        21,
        35,
        by="carl",
        fate="accepted",
        scales=(2, 3, 1),
        points=2,
    ),
    Wish(
        "slots",
        "Choose delivery time slot",
        "The courier comes any time from 9 to 21. I want to choose two hours.",
        "Delivery",
        64,
        33,
        fate="accepted",
        scales=(4, 5, 4),
        points=8,
    ),
    Wish(
        "sizes",
        "A size guide beside every size",
        "I order two sizes and send one back. A table would help.",
        "Catalogue",
        18,
        30,
        by="carl",
        fate="accepted",
        scales=(2, 3, 2),
        points=3,
    ),
    # the queue
    Wish(
        "ordernumber",
        "Show the order number on top",
        "Support always asks for it and it hides at the bottom.",
        "Account",
        14,
        29,
        fate="accepted",
        scales=(2, 2, 1),
        points=1,
    ),
    Wish(
        "guest",
        "Guest checkout without an account",
        "I buy once a year. I do not want another password.",
        "Checkout",
        58,
        28,
        by="carl",
        fate="accepted",
        scales=(4, 5, 4),
        points=8,
    ),
    Wish(
        "zoom",
        "Zoom product images",
        "The photos are too small to see the seams.",
        "Catalogue",
        24,
        27,
        fate="accepted",
        scales=(2, 3, 2),
        points=3,
    ),
    # the next review
    Wish(
        "applepay",
        "Pay with Apple Pay at checkout",
        "Typing a card number on a phone is where I give up.",
        "Checkout",
        71,
        24,
        fate="triaged",
        scales=(4, 5, 4),
    ),
    Wish(
        "backinstock",
        "Email me when an item is back in stock",
        "I check the page every morning for my size.",
        "Catalogue",
        43,
        22,
        by="carl",
        fate="triaged",
        scales=(3, 4, 2),
    ),
    Wish(
        "returns",
        "Оформление возврата онлайн",
        "Хочу вернуть товар через сайт, без звонка в поддержку.",
        "Delivery",
        37,
        21,
        language="ru",
        fate="triaged",
        scales=(3, 4, 3),
    ),
    Wish(
        "cancel",
        "Cancel an order myself",
        "I ordered the wrong colour and nobody answered until it was shipped.",
        "Account",
        29,
        20,
        by="carl",
        fate="triaged",
        scales=(3, 3, 2),
    ),
    Wish(
        "reviews",
        "Отзывы с фотографиями",
        "Хочу видеть, как вещь выглядит у людей дома.",
        "Catalogue",
        31,
        19,
        language="ru",
        fate="triaged",
        scales=(2, 3, 3),
    ),
    Wish(
        "slow",
        "Product pages load too long on my phone",
        "Three seconds on the train, every time.",
        "Catalogue",
        26,
        18,
        kind="bug",
        fate="triaged",
        scales=(4, 4, 3),
    ),
    # declined and answered
    Wish(
        "ar",
        "Try on with camera",
        "Show the armchair in my room.",
        "Catalogue",
        9,
        50,
        fate="declined",
        reason="Too few products have a 3D model. We look again when a third of the catalogue has one.",
    ),
    Wish(
        "voice",
        "Голосовой поиск",
        "Искать голосом, когда руки заняты.",
        "Search",
        7,
        49,
        by="carl",
        language="ru",
        fate="declined",
        reason="Телефоны умеют диктовать в любое поле, и этого хватает.",
    ),
    Wish(
        "hours",
        "When does support answer?",
        "Is there anybody on Sundays?",
        "Account",
        2,
        46,
        kind="question",
        fate="answered",
        reason="Every day from 8 to 20, also on Sundays.",
    ),
    # merged into another
    Wish(
        "applepay2",
        "Let me use Apple Pay when I buy things",
        "Same as everywhere else.",
        "Checkout",
        12,
        15,
        by="carl",
        fate="merged",
        same_as="applepay",
    ),
    Wish(
        "applepay3",
        "хочу платить эпл пэй при оформлении заказа",
        "С телефона неудобно вводить карту.",
        "Checkout",
        8,
        13,
        language="ru",
        fate="merged",
        same_as="applepay",
    ),
    Wish(
        "wishlist2",
        "Поделиться списком желаний",
        "Чтобы муж знал, что дарить.",
        "Account",
        11,
        12,
        language="ru",
        fate="merged",
        same_as="wishlist",
    ),
    # new, waiting for triage
    Wish("slots2", "Deliver between 18 and 21", "I am at work all day and miss the courier.", "", 9, 6, by="carl"),
    Wish("guest2", "Покупка без регистрации", "Дайте оформить заказ гостем.", "", 7, 6, language="ru"),
    Wish(
        "telegram",
        "Уведомления в Телеграм",
        "Почту не читаю, а Телеграм всегда под рукой.",
        "",
        13,
        5,
        by="carl",
        language="ru",
    ),
    Wish(
        "promo",
        "Promo code field is hard to find",
        "I looked for a minute where to enter the discount.",
        "",
        11,
        5,
        kind="bug",
    ),
    Wish("points", "Loyalty points", "I buy here every month and get nothing for it.", "", 16, 4, by="carl"),
    Wish("cash", "Оплата при получении", "Хочу сначала посмотреть, потом платить.", "", 10, 4, language="ru"),
    Wish("card", "Save card for future purchases", "Do not make me type the card number each time.", "", 15, 4),
    Wish(
        "abroad",
        "International shipping",
        "My sister lives in another country and loves your mugs.",
        "",
        6,
        3,
        by="carl",
    ),
    Wish("euro", "Show prices in euro", "I convert in my head and get it wrong.", "", 5, 3),
    Wish(
        "sku", "Поиск по артикулу", "В чеке есть артикул, а найти по нему нельзя.", "", 4, 3, by="carl", language="ru"
    ),
    Wish("devices", "Keep my basket between phone and laptop", "I start on the train and finish at home.", "", 12, 2),
    Wish(
        "twofactor", "Two-factor sign-in", "An account with my address should be protected better.", "", 8, 2, by="carl"
    ),
    Wish("chat", "Чат с поддержкой", "Быстрее спросить, чем писать письмо.", "", 9, 2, language="ru"),
    Wish("nearby", "Is it available in the shop near me?", "I would collect it today.", "", 7, 1, by="carl"),
    Wish("excel", "Download my purchases as a spreadsheet", "For my tax return.", "", 3, 1),
    Wish(
        "mails", "Stop sending me advertising e-mails", "I pressed unsubscribe twice.", "", 14, 1, by="carl", kind="bug"
    ),
    Wish(
        "logs",
        "Log slow database queries with the page they came from",
        "We guess today; the numbers would tell us.",
        "",
        1,
        1,
        by="dev",
    ),
    Wish(
        "report",
        "A weekly page with orders per category",
        "I put it together by hand every Monday.",
        "",
        1,
        1,
        by="max",
    ),
)
