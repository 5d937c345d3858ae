"""The names of months in the languages of feeds (CLDR): whole, short and cut to three letters.

Babel has them too, but takes 30 MB for the data of all these languages. `tests/feeds/test_timestamps.py` compares.
"""

LANGUAGES = ("en", "pt", "es", "fr", "de", "it", "nl", "da", "nb", "sv", "fi", "pl", "ru", "tr", "id", "af", "ca")
"""If a word means different months in two languages, the first of them wins."""

_NAMES = (
    """jan january janeiro ene enero janv janvier januar gen gennaio januari tammi tammikuuta tammikuu sty stycznia
    styczeń янв января январь oca ocak januarie gener tam""",
    """feb february fev fevereiro febrero févr février februar febbraio februari helmi helmikuuta helmikuu lut lutego
    luty февр февраля февраль şub şubat februarie febr febrer fév hel фев""",
    """mar march março marzo mars märz mär mrt maart marts maalis maaliskuuta maaliskuu marca marzec мар марта март
    mart maret març maa""",
    """apr april abr abril avr avril aprile huhti huhtikuuta huhtikuu kwi kwietnia kwiecień апр апреля апрель nis
    nisan huh""",
    """may mai maio mayo mag maggio mei maj touko toukokuuta toukokuu maja мая май mayıs maig tou""",
    """jun june junho junio juin juni giu giugno kesä kesäkuuta kesäkuu cze czerwca czerwiec июн июня июнь haz
    haziran junie juny jui kes""",
    """jul july julho julio juil juillet juli lug luglio heinä heinäkuuta heinäkuu lip lipca lipiec июл июля июль tem
    temmuz julie juliol hei""",
    """aug august ago agosto août augustus augusti elo elokuuta elokuu sie sierpnia sierpień авг августа август ağu
    ağustos agu agustus agost aoû""",
    """sep september set setembro sept septiembre septembre settembre syys syyskuuta syyskuu wrz września wrzesień
    сент сентября сентябрь eyl eylül setembre syy сен""",
    """oct october out outubro octubre octobre okt oktober ott ottobre loka lokakuuta lokakuu paź października
    październik окт октября октябрь eki ekim lok""",
    """nov november novembro noviembre novembre marras marraskuuta marraskuu lis listopada listopad нояб ноября
    ноябрь kas kasım ноя""",
    """dec december dez dezembro dic diciembre déc décembre dezember dicembre des desember joulu joulukuuta joulukuu
    gru grudnia grudzień дек декабря декабрь ara aralık desembre jou""",
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
"""Months by their names, case-folded."""
