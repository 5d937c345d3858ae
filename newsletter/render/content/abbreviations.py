"""Abbreviations that are written with a full stop, which ends no sentence.

A post's language isn't always known, so the lists of all languages are used together. Words that are no abbreviations
elsewhere, such as "no" and "Art", are in the list of those that are followed by a number.
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
