"""What each test of the battery is, sees and cannot see, in every language of the report.

Rules of this module
--------------------
1. Data only: nothing is computed here. One entry per test of the battery; a test of ours says that none is missing.
2. Nothing accuses: a figure beyond the honest model asks for a look at the sheets, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from testigo.forensics.finding import Text


@dataclass(frozen=True)
class About:
    """The standing texts of a test.

    Attributes:
        title: what it is.
        sees: what kind of alteration it can see.
        blind: what it cannot see, however large.
        source: papers.
        statistics: statistic -> (label, unit, formula).
    """

    title: Text
    sees: Text
    blind: Text
    source: str
    statistics: Mapping[str, tuple[Text, str, str]]


def _t(es: str, en: str) -> Text:
    return {"es": es, "en": en}


VALID = _t(
    "Vale si las mesas de un centro tienen electores parecidos y el modelo honesto (beta-binomial por centro, con "
    "la dispersión estimada en las mesas hermanas) describe lo que varía sin fraude. Es una comparación con ese "
    "modelo, no una prueba de honradez ni de fraude.",
    "Valid if the stations of a centre have similar electors and the honest model (beta-binomial per centre, "
    "dispersion estimated from sister stations) describes what varies without fraud. It is a comparison with that "
    "model, no proof of honesty or of fraud.",
)


def _digits(es: str, en: str, formula: str) -> Mapping[str, tuple[Text, str, str]]:
    return {
        "first": (_t(f"{es}, votos del primero", f"{en}, votes of the first"), "chi²", formula),
        "second": (_t(f"{es}, votos del segundo", f"{en}, votes of the second"), "chi²", formula),
        "valid": (_t(f"{es}, votos válidos", f"{en}, valid votes"), "chi²", formula),
    }


_CHI = "Σ_d (O_d − E_d)²/E_d, E_d = Σ_i P(digit of N(μ_i, σ_i²) = d)"
_DIGITS_BLIND = _t(
    "Todo fraude que sume, traslade o copie votos sin que nadie escriba cifras a mano, de cualquier tamaño; y lo "
    "inventado en pocas mesas: las filas de potencia dicen en cuántas.",
    "Any fraud that adds, moves or copies votes without a person making up figures, whatever its size; and figures "
    "made up at a few stations: the rows on power say how few.",
)

ABOUT: Mapping[str, About] = {
    "sister_stations": About(
        _t("Mesas hermanas", "Sister stations"),
        _t(
            "Ve mesas alteradas una a una: difieren de las otras mesas de su mismo centro. Es la prueba más fuerte.",
            "It sees stations altered one by one: they differ from the other stations of their own centre. It is "
            "the strongest test.",
        ),
        _t(
            "No ve centros de una sola mesa, ni la misma alteración en todas las mesas de un centro, ni cambios de "
            "pocos votos. De dos hermanas que difieren no dice cuál es la rara.",
            "It cannot see centres of one station, the same alteration in every station of a centre, or changes of "
            "a few votes. Of two sisters that differ it cannot say which is odd.",
        ),
        "Griffiths 1973 (Biometrics 29:637); Benjamini & Hochberg 1995 (JRSS B 57:289); Mebane & Kalinin 2009",
        {
            "dispersion_share": (
                _t(
                    "Dispersión del porcentaje del primero entre hermanas",
                    "Dispersion of the first's share among sisters",
                ),
                "chi²/df",
                "Σ_i (x_i − n_i P_c)²/(n_i P_c (1 − P_c)) / Σ_c (m_c − 1); x votes of the first, n valid, P_c = Σx/Σn",
            ),
            "dispersion_turnout": (
                _t("Dispersión de la participación entre hermanas", "Dispersion of turnout among sisters"),
                "chi²/df",
                "the same, x valid votes, n electors",
            ),
            "tail_share": (
                _t(
                    "Cola: dispersión del porcentaje sobre la del conjunto",
                    "Tail: dispersion of share over that of the body",
                ),
                "1",
                "dispersion of the share / φ, φ from the smallest 90 % of the chi²",
            ),
            "tail_turnout": (
                _t(
                    "Cola: dispersión de la participación sobre la del conjunto",
                    "Tail: dispersion of turnout over that of the body",
                ),
                "1",
                "dispersion of the turnout / φ",
            ),
            "outliers": (
                _t("Mesas que se apartan de sus hermanas", "Stations apart from their sisters"),
                "stations",
                "beta-binomial two-sided mid-p against the pooled sisters, mean (X' + 1/2)/(N' + 1), variance "
                "factor φ(1 + n/N'); Benjamini-Hochberg at 5 % over shares and turnouts",
            ),
        },
    ),
    "second_digit": About(
        _t("Segunda cifra (Benford)", "Second digit (Benford)"),
        _t("Ve cifras escritas por personas, si son muchas.", "It sees figures made up by people, if there are many."),
        _DIGITS_BLIND,
        "Mebane 2006; Deckert, Myagkov & Ordeshook 2011 (Political Analysis 19:245)",
        _digits("Segunda cifra", "Second digit", _CHI),
    ),
    "last_digit": About(
        _t("Última cifra", "Last digit"),
        _t(
            "Ve últimas cifras preferidas por quien inventa números.",
            "It sees last digits preferred by people who make up numbers.",
        ),
        _DIGITS_BLIND,
        "Beber & Scacco 2012 (Political Analysis 20:211)",
        _digits("Última cifra de cuentas de 100 o más", "Last digit of counts of 100 or more", _CHI),
    ),
    "digit_pairs": About(
        _t("Pares de cifras", "Pairs of digits"),
        _t(
            "Ve que faltan cifras repetidas (33) o sobran vecinas (34), como al inventar números.",
            "It sees too few repeated digits (33) or too many neighbours (34), as in made-up numbers.",
        ),
        _DIGITS_BLIND,
        "Beber & Scacco 2012 (Political Analysis 20:211)",
        _digits("Últimas dos cifras", "Last two digits", _CHI.replace("digit", "kind of pair")),
    ),
    "equal_counts": About(
        _t("Cuentas iguales entre mesas", "Equal counts between stations"),
        _t("Ve actas copiadas de otras.", "It sees sheets copied from others."),
        _t(
            "No ve copias en las que se cambió un voto de cada candidato, ni ningún fraude que no copie.",
            "It cannot see copies in which one vote of each candidate was changed, nor any fraud that does not copy.",
        ),
        "Diaconis & Mosteller 1989 (JASA 84:853)",
        {
            "same_sheet": (
                _t("Pares de mesas con todas las cuentas iguales", "Pairs of stations with all counts equal"),
                "pairs",
                "#{i < j: votes of every candidate equal}",
            ),
            "same_two_in_centre": (
                _t(
                    "Pares de hermanas iguales en los dos primeros",
                    "Pairs of sisters equal in the first two candidates",
                ),
                "pairs",
                "#{i < j of one centre: votes of first and second equal}",
            ),
            "same_first_in_centre": (
                _t("Pares de hermanas iguales en el primero", "Pairs of sisters equal in the first candidate"),
                "pairs",
                "#{i < j of one centre: votes of the first equal}",
            ),
        },
    ),
    "integer_percentages": About(
        _t("Porcentajes enteros", "Integer percentages"),
        _t("Ve resultados hechos para dar un porcentaje redondo.", "It sees results made to give a round percentage."),
        _t(
            "No ve fraude que no apunte a un porcentaje redondo en cada mesa.",
            "It cannot see fraud that does not aim at a round percentage in each station.",
        ),
        "Kobak, Shpilkin & Pshenichnikov 2016 (Ann. Appl. Stat. 10:54)",
        {
            "share": (
                _t("Mesas con porcentaje entero del primero", "Stations where the first has a whole per cent"),
                "stations",
                "#{i: |100 s_i − nearest integer| ≤ 0.05, 0 < s_i < 1}",
            ),
            "turnout": (
                _t("Mesas con participación entera", "Stations with a whole per cent of turnout"),
                "stations",
                "#{i: |100 t_i − nearest integer| ≤ 0.05, 0 < t_i < 1}; t = valid votes/electors",
            ),
        },
    ),
    "resampled_density": About(
        _t("Picos en la densidad de porcentajes", "Spikes in the density of shares"),
        _t(
            "Ve porcentajes que se repiten demasiado, redondos o no.",
            "It sees shares that recur too often, round or not.",
        ),
        _t(
            "No ve fraude que desplace los porcentajes sin amontonarlos.",
            "It cannot see fraud that moves shares without heaping them up.",
        ),
        "Rozenas 2017 (Political Analysis 25:41)",
        {
            "excess": (
                _t("Mesas por encima de la banda", "Stations above the band"),
                "share",
                "F = Σ_bins max(0, O − E − 1.96 √E) / stations, E = smoothed O × comb of drawn elections, bins of "
                "0.1 points",
            ),
        },
    ),
    "fingerprint": About(
        _t("Participación y porcentaje", "Turnout and share"),
        _t(
            "Ve votos añadidos para el primero: suben a la vez participación y porcentaje dentro del mismo centro.",
            "It sees ballots added for the first: turnout and share rise together within one centre.",
        ),
        _t(
            "No ve votos trasladados sin cambiar la participación, ni lo añadido por igual en todo un centro. La "
            "correlación nacional no dice nada de fraude: los lugares difieren.",
            "It cannot see votes switched without changing turnout, nor what is added alike all over a centre. The "
            "national correlation says nothing about fraud: places differ.",
        ),
        "Myagkov, Ordeshook & Shakin 2009, chapter 3; Klimek et al. 2012 (PNAS 109:16469)",
        {
            "within_centre": (
                _t("Correlación dentro de los centros", "Correlation within centres"),
                "correlation",
                "r(t_i − mean t of the centre, s_i − mean s of the centre), stations with sisters; one-sided, upwards",
            ),
            "national": (
                _t("Correlación nacional", "National correlation"),
                "correlation",
                "r(t_i, s_i); one-sided, upwards",
            ),
        },
    ),
    "extremes": About(
        _t("Extremos", "Extremes"),
        _t(
            "Ve mesas llenas o unánimes donde su zona no lo es.",
            "It sees full or unanimous stations where their area is not.",
        ),
        _t(
            "No ve nada que deje la participación por debajo de 95 % y algún voto para otro. Cuarteles, hospitales "
            "y cárceles son extremos honestos.",
            "It cannot see anything that leaves turnout below 95 % and some vote for another. Barracks, hospitals "
            "and prisons are honest extremes.",
        ),
        "Klimek et al. 2012 (PNAS 109:16469)",
        {
            "full_turnout": (
                _t("Mesas con participación de 95 % o más", "Stations with a turnout of 95 % or more"),
                "stations",
                "#{i: valid votes ≥ 0.95 electors}",
            ),
            "full_excess": (
                _t("Mesas llenas sobre las esperadas", "Full stations over those expected"),
                "sd",
                "(#full − E)/√(E + 1), E = Σ_i P(N(p_i, p_i(1 − p_i)(φ/n_i + 1/w_i)) ≥ 0.95)",
            ),
            "unanimous": (_t("Mesas unánimes", "Unanimous stations"), "stations", "#{i: one candidate has every vote}"),
            "none_for_first": (
                _t("Mesas sin votos para el primero", "Stations without votes for the first"),
                "stations",
                "#{i: first = 0 < valid}",
            ),
            "none_for_second": (
                _t("Mesas sin votos para el segundo", "Stations without votes for the second"),
                "stations",
                "#{i: second = 0 < valid}",
            ),
        },
    ),
}
