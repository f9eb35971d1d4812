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
            "Decida antes cuántas comprobará, y tome las actas en este orden, sin saltarse ninguna. Puede parar antes "
            "sólo mientras ninguna difiera.",
            "Abra la imagen del acta (el enlace de la lista, o el código de la mesa en el sitio que la publica). "
            "Mejor: una copia en papel, o la imagen que guarda otra organización.",
            "Sume los votos de los partidos de cada candidato y compare con la tabla. Marque: igual, distinta o no "
            "vista. Si difiere, anote lo que dice el acta.",
            "Busque abajo, en «Qué prueba lo que halló», su número de distintas. Publique el resultado, también si no "
            "halló nada.",
        ),
        "number": "Nº",
        "rank_short": "Posición",
        "station": "Mesa",
        "centre": "Centro",
        "same": "Igual",
        "different": "Distinta",
        "unseen": "No vista",
        "note": "Qué dice el acta",
        "page": "página",
        "image": "imagen",
        "valid": "Válidos",
        "privacy": "Lo que marque queda en esta página abierta: no se guarda ni se envía a nadie. Para conservarlo, "
        "imprímala (también en PDF) o rellene la tabla CSV.",
        "so_far": "Hasta ahora:",
        "of": "Publicación {release} de estas actas; huella SHA-256 de su manifiesto:",
        "again": "La misma lista sale de este comando sobre el mismo paquete:",
        "result": "5. Qué prueba lo que halló",
        "result_text": "Si comprobó las {size}: con confianza de 95 %, cuántas de las {total} publicadas difieren.",
        "differ": "Distintas",
        "interval": "Entre (actas)",
        "at_most": "Como máximo",
        "result_unseen": "Si no pudo ver algunas: el extremo menor es el de las distintas, y el mayor, el de la fila "
        "distintas + no vistas. Para otras cantidades:",
        "noted": "Mi resultado",
        "form": ("Comprobadas", "Distintas", "No vistas", "Comparé con (imágenes o copias de otros)", "Quién y cuándo"),
        "found": "4. Qué significa no hallar nada",
        "found_text": "Un acta que no pudo ver cuenta como no comprobada, no como buena.",
        "if_true": "si es cierto, al menos {least} de las cifras publicadas no son lo que votó su mesa. "
        "Probabilidad de no dar con ninguna de ellas, si se las reconoce al verlas:",
        "checked": "Actas comprobadas",
        "chance": "Probabilidad (como máximo)",
        "proves": "6. Qué prueba y qué no",
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
            "Decide before how many you will check, and take the sheets in this order, skipping none. Stop earlier "
            "only as long as none differs.",
            "Open the sheet's image (the link in the list, or the station's code on the site that publishes it). "
            "Better: a paper copy, or the image that another organisation keeps.",
            "Add up the votes of each candidate's parties and compare with the table. Mark: same, different or not "
            "seen. If it differs, note what the sheet says.",
            "Look up your number of different ones below, under “What your result proves”. Publish it, also if you "
            "found nothing.",
        ),
        "number": "No.",
        "rank_short": "Position",
        "station": "Station",
        "centre": "Centre",
        "same": "Same",
        "different": "Different",
        "unseen": "Not seen",
        "note": "What the sheet says",
        "page": "page",
        "image": "image",
        "valid": "Valid",
        "privacy": "What you mark stays in this open page: it is neither kept nor sent to anybody. To keep it, print "
        "the page (to PDF too) or fill in the CSV table.",
        "so_far": "So far:",
        "of": "Release {release} of these sheets; SHA-256 of its manifest:",
        "again": "This command on the same bundle gives the same list:",
        "result": "5. What your result proves",
        "result_text": "If you checked all {size}: with 95 % confidence, how many of all {total} sheets differ.",
        "differ": "Different",
        "interval": "Between (sheets)",
        "at_most": "At most",
        "result_unseen": "If you could not see some: the lower end is that of the different ones, the upper end that "
        "of the row different + not seen. For other numbers:",
        "noted": "My result",
        "form": ("Checked", "Different", "Not seen", "Compared with (images, or copies of others)", "Who and when"),
        "found": "4. What finding nothing means",
        "found_text": "A sheet that you could not see counts as not checked, not as good.",
        "if_true": "if it is true, at least {least} of the published counts are not what their station voted. Chance "
        "to meet none of them, if one recognises them on sight:",
        "checked": "Sheets checked",
        "chance": "Chance (at most)",
        "proves": "6. What it proves and what it does not",
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
