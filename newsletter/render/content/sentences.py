"""Ends of sentences and clauses: abbreviations, whose full stop ends no sentence, and where a long sentence is cut.

A post's language isn't always known, so the abbreviations of all languages are used together. Words that are no
abbreviations elsewhere, such as "no" and "Art", are in the list of those that are followed by a number.
"""

import re

_ENGLISH = """
Mr Mrs Ms Mx Messrs Dr Drs Prof Rev Revd Rt Most Ven Msgr Mgr Fr Br Hon Pres Gen Col Maj Capt Cmdr Cpt Lt Sgt Cpl
Pvt Adm Gov Sen Rep Supt Insp Det Amb Atty Esq Jr Sr St Ste Mt Ft Jan Feb Mar Apr Jun Aug Sept Sep Oct Nov Dec Mon
Tue Tues Wed Thu Thur Thurs Fri Ave Blvd Rd Hwy Pkwy Bldg Inc Ltd Co Corp Bros Univ Assn al approx cf dept ed eds
esp est etc excl ext fig figs ibid incl misc nos pp resp viz vol vols vs Ala Ariz Calif Colo Conn Fla Ky Mich Minn
Okla Pa Tenn Va Wis
"""
_SCANDINAVIAN = """
adm afd ang anm ansv apr aug avd bd bl ca cand div dr dvs ekskl eks el evt ev exkl feb fhv fig forts fr frk fvt fx
gl hr hhv ibm ifm ift iht ing inkl jan jf jfr jr jun kap kgl kl lic maks md mdr mfl mht mia mill milj mio mnd mrd
mtp mv nov nr okt oppr osv ovf pct pga pkt prof pst ref resp sept skt sml spm stk tidl tlf tilsv uds utg vedr vha
vol årg årh öv
"""
_GERMAN = """
Abb Abs Abt Anm Aufl Ausg Bd Bde Bhf bes bspw Bsp bzgl bzw Dez Dipl dt ehem einschl engl entspr erw etw evtl franz
geb gegr gem gest gez ggf ggü Hbf Hr Hrn Hrsg hrsg Ing inkl insb Jh Jhd Kap kath lfd lt Mag max Mio Mrd Mär Nr Okt
Pfd röm sog städt Std Str stv Tel Tsd ugs usf usw vgl wiss zit zz zzgl
"""
_FRENCH = """
av boul chap Cie env éd févr fasc janv Me Mgr Mlle MM Mme Mmes Pr réf suiv sté tél trad
"""
_IBERIAN = """
abr admón aprox atte Av Avda Bta cía Cía D dcha dcho depto dic Dna Dña Dra Dras dto EE ej Eng ene Excmo Excma Exma
Exmo febr Gral Hna Hno Ilma Ilmo izq Lic Mons núms págs pág Pbro Profa Sra Sras Sres Srs Srta Sta Sto tfno Ud Uds Vd
Vds
"""
_ITALIAN_AND_DUTCH = """
avv Avv dott Dott ecc geom Ing pagg Sig Sigg bijv blz dhr drs enz jl mevr mw plm
"""
_SLAVIC = """
godz inż itd itp ks mgr mld mln np św tj tys tzn ul акад гг др млн млрд напр обл пл пр проф рис руб см стр тел тыс
ул
"""
# Other words too, where no number follows.
_BEFORE_NUMBERS = """
No Nos no Art art ago cap ch ill Jul jul kr lib min núm num ok pag par red sec side tab tel tr Teil
"""
_ABBREVIATIONS = frozenset(
    " ".join((_ENGLISH, _SCANDINAVIAN, _GERMAN, _FRENCH, _IBERIAN, _ITALIAN_AND_DUTCH, _SLAVIC)).split()
)
_NUMBERED = frozenset(_BEFORE_NUMBERS.split())
_OPENING = "([\"'“«„‘‚¿¡"
_OF_LETTERS = re.compile(r"(?:\w{1,4}\.[-‐]?){2,}|\w\.|\d{1,2}\.")
"""Letters with full stops ("e.g.", "J.-C.", "U.S."), an initial, and an ordinal number."""

MARKS = ",;:،؛、，；："
_STRONG = re.compile(r"[;:؛](?=\s|\Z)|[；：]|(?<!\d)\s(?=[–—·-]\s)|\s(?=[(\[])")
_WEAK = re.compile(r"[,،](?=\s|\Z)|[、，]")
_AT_THE_END = f" \u00a0{MARKS}–—-([\n\t"
FEWEST = 4
"""Words of a sentence that are worth showing without the rest of it."""


def is_abbreviation(word: str, following: str) -> bool:
    """Return whether a word with a full stop, and another word behind it, is an abbreviation or an ordinal number."""
    name = word.lstrip(_OPENING)
    if _OF_LETTERS.fullmatch(name):
        return True
    if not name.endswith("."):
        return False
    name = name[:-1]
    forms = {name, name[:1].lower() + name[1:]}
    numbered = following[:1].isdigit() and not _NUMBERED.isdisjoint(forms)
    return numbered or not _ABBREVIATIONS.isdisjoint(forms)


def ends_clause(text: str, following: str) -> bool:
    """Return whether a clause ends with a text that another word follows, and no parenthesis is open."""
    is_end = text[-1:] in MARKS or following in ("–", "—", "-") or following[:1] in ("(", "[")
    return bool(text) and is_end and not _is_in_parentheses(text)


def end_of_clause(text: str, shortest: int) -> int:
    """Return where the last clause of a text ends, before the mark behind it, at `shortest` or later; 0 if none does.

    The left side of a colon, a dash or a parenthesis in its last two fifths has precedence over a comma.
    """
    for marks, begin in ((_STRONG, max(shortest, len(text) * 3 // 5)), (_WEAK, shortest), (_STRONG, shortest)):
        ends = [match.start() for match in marks.finditer(text, begin)]
        ends = [end for end in ends if not _is_in_parentheses(text[:end])]
        if ends:
            return ends[-1]
    return 0


def without_marks(text: str) -> str:
    """Return a text without the marks at its end that lead on, such as a comma or a dash."""
    return text.rstrip(_AT_THE_END)


def _is_in_parentheses(text: str) -> bool:
    return any(text.count(opening) > text.count(closing) for opening, closing in ("()", "[]"))
