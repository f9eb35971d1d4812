"""What the page of a random check says, in Spanish and English."""

from __future__ import annotations

from typing import Any

TEXTS: dict[str, dict[str, Any]] = {
    "es": {
        "title": "Compruebe usted una muestra de las actas",
        "rehearsal": "SIMULACRO: un ensayo con datos inventados.",
        "why": "1. Por qué comprobar",
        "no_bulletins": "No hay resultado anunciado con el que comparar.",
        "draw": "2. Cómo se sorteó",
        "draw_text": "Nadie eligió estas actas: las sortea un número público, y cualquiera puede repetir el sorteo. "
        "La semilla solo vale si nadie la conocía cuando se publicaron las actas.",
        "seed": "Semilla",
        "seed_source": "De dónde salió",
        "seed_unknown": "no se dijo; una semilla que eligió quien publica no prueba nada.",
        "rank": "Las {total} actas publicadas se numeran desde 1 por el código de la mesa, en orden ascendente.",
        "hash": "Para 1, 2, 3, …: SHA-256 del texto «semilla,número» (sin salto de línea), leído como un solo número "
        "hexadecimal; su resto al dividirlo entre el total de actas, más 1, es la posición.",
        "skip": "Una posición repetida se salta, hasta tener {size}.",
        "first": "La primera",
        "check": "3. Qué hacer",
        "steps": (
            "Tome las actas en este orden, sin saltarse ninguna; puede parar cuando quiera, y decir cuántas vio.",
            "Busque la imagen del acta por el código de la mesa en el sitio que la publica. Mejor: una copia en papel, "
            "o la imagen que guarda otra organización.",
            "Sume los votos de los partidos de cada candidato y compare con la tabla. Marque la casilla si todo es "
            "igual.",
            "Anote las que no pudo ver y las que difieren, con lo que dice el acta; publíquelo, también si no halló "
            "nada.",
        ),
        "number": "Nº",
        "rank_short": "Posición",
        "station": "Mesa",
        "centre": "Centro",
        "same": "Igual",
        "found": "4. Qué significa no hallar nada",
        "found_text": "Un acta que no pudo ver cuenta como no comprobada, no como buena.",
        "if_true": "si es cierto, al menos {least} de las cifras publicadas no son lo que votó su mesa. "
        "Probabilidad de no dar con ninguna de ellas, si se las reconoce al verlas:",
        "checked": "Actas comprobadas",
        "chance": "Probabilidad (como máximo)",
        "proves": "5. Qué prueba y qué no",
        "yes": "Prueba la transcripción.",
        "yes_text": "Si las cifras coinciden con las actas sorteadas, la tabla publicada dice lo que dicen las actas, "
        "con el riesgo de la tabla de arriba.",
        "no": "No prueba la autenticidad.",
        "no_text": "Si las actas mismas fueran falsas, sus imágenes coincidirían igual: mirar más imágenes de la misma "
        "fuente no lo descubre.",
        "authentic": "La autenticidad se apoya en otra cosa: de dónde vino cada acta, las copias que tienen los "
        "testigos de otros partidos y los miembros de mesa, y los resultados por mesa que la autoridad "
        "publique. Compare la misma muestra con esas copias: si puede comparar toda la muestra, el riesgo de la tabla "
        "vale también para ella.",
    },
    "en": {
        "title": "Check a sample of the sheets yourself",
        "rehearsal": "SIMULACRO: a rehearsal with invented data.",
        "why": "1. Why check",
        "no_bulletins": "There is no announced result to compare with.",
        "draw": "2. How it was drawn",
        "draw_text": "Nobody chose these sheets: a public number draws them, and anybody can draw again. The seed is "
        "only worth something if nobody knew it when the sheets were published.",
        "seed": "Seed",
        "seed_source": "Where it came from",
        "seed_unknown": "not said; a seed that the publisher chose proves nothing.",
        "rank": "The {total} published sheets are numbered from 1 by the station's code, in ascending order.",
        "hash": "For 1, 2, 3, …: SHA-256 of the text “seed,number” (no line break), read as one hexadecimal number; "
        "its remainder by the number of sheets, plus 1, is the position.",
        "skip": "A position that came before is skipped, until there are {size}.",
        "first": "The first",
        "check": "3. What to do",
        "steps": (
            "Take the sheets in this order and skip none; stop when you like, and say how many you saw.",
            "Find the sheet's image by the station's code on the site that publishes it. Better: a paper copy, or the "
            "image that another organisation keeps.",
            "Add up the votes of each candidate's parties and compare with the table. Tick the box if all is the same.",
            "Note those that you could not see and those that differ, with what the sheet says; publish it, also if "
            "you found nothing.",
        ),
        "number": "No.",
        "rank_short": "Position",
        "station": "Station",
        "centre": "Centre",
        "same": "Same",
        "found": "4. What finding nothing means",
        "found_text": "A sheet that you could not see counts as not checked, not as good.",
        "if_true": "if it is true, at least {least} of the published counts are not what their station voted. Chance "
        "to meet none of them, if one recognises them on sight:",
        "checked": "Sheets checked",
        "chance": "Chance (at most)",
        "proves": "5. What it proves and what it does not",
        "yes": "It proves the transcription.",
        "yes_text": "If the numbers agree with the sheets drawn, the published table says what the sheets say, with "
        "the risk of the table above.",
        "no": "It does not prove authenticity.",
        "no_text": "Were the sheets themselves forged, their images would agree all the same: looking at more images "
        "of the same source does not find out.",
        "authentic": "Authenticity rests on something else: where each sheet came from, the copies that observers of "
        "other parties and the members of the station hold, and results per station that the authority publishes. "
        "Compare the same sample with those copies: if you can compare all of it, the risk of the table holds for "
        "authenticity too.",
    },
}
