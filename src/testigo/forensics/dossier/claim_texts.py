"""The claims in the record against published sheets, word by word, and what no bundle can tell about each."""

from __future__ import annotations

from collections.abc import Mapping

from testigo.forensics.dossier.answers import Text, both

#: Code -> the claim as it was made.
CLAIMS: Mapping[str, Text] = {
    "no_signatures": both("«El acta no tiene firmas»", "“The sheet has no signatures”"),
    "incomplete_qr": both("«El código QR está incompleto»", "“The QR code is incomplete”"),
    "no_code_under_qr": both("«No hay un código debajo del QR»", "“There is no code under the QR”"),
    "same_sheet_twice": both("«Es la misma acta dos veces»", "“It is the same sheet twice”"),
    "edited_image": both("«La imagen fue editada»", "“The image was edited”"),
}

#: Code -> what cannot be known from a bundle, however complete.
CANNOT_KNOW: Mapping[str, Text] = {
    "no_signatures": both(
        "De quién es cada firma, y si una casilla llena lo está por quien debía: eso lo muestra el original. Un "
        "miembro de mesa que se negó a firmar tampoco cambia los números impresos por la máquina.",
        "Whose signature it is, and whether a filled box was filled by who should: the original shows that. Nor does "
        "an official who refused to sign change the numbers that the machine printed.",
    ),
    "incomplete_qr": both(
        "Por qué un código no se lee (corte, suciedad del escáner, papel doblado) no se sabe sin el original. "
        "Nada depende del código solo.",
        "Why a code cannot be read (a cut, a dirty scanner, folded paper) is not known without the original. "
        "Nothing depends on the code alone.",
    ),
    "no_code_under_qr": both(
        "El contenido de esa línea (HMAC) sólo puede comprobarlo quien tiene la clave: la autoridad electoral. Nadie "
        "de fuera puede decir que es válida, ni que es falsa.",
        "The content of that line (an HMAC) can be checked only by who has the key: the electoral authority. Nobody "
        "outside can say that it is valid, nor that it is false.",
    ),
    "same_sheet_twice": both(
        "Un segundo escaneo del mismo papel se reconoce por lo que dice (UUID, código del acta, QR), no por su "
        "aspecto. Dos actas con iguales votos pueden ser casualidad.",
        "A second scan of one paper is recognised by what it says (UUID, sheet code, QR), not by its looks. Two sheets "
        "with equal votes can be chance.",
    ),
    "edited_image": both(
        "Si el archivo fue alterado antes de llegar, o dibujado entero con un código coherente: eso lo responden "
        "el original en papel, las copias de otros partidos y la procedencia, no la imagen.",
        "Whether the file was altered before it arrived, or drawn whole with a consistent code: that is answered "
        "by the paper original, the copies of other parties and the provenance, not by the image.",
    ),
}

IMPORTED = both(
    "Los números vienen de una tabla publicada por otros; este paquete no tiene el acta.",
    "The numbers come from a table that others published; this bundle does not hold the sheet.",
)
COVERED_ON_PURPOSE = (
    both(
        "La imagen pública tapa a propósito nombres, firmas y observaciones: que ahí no se vean firmas no dice "
        "nada del original.",
        "The public image covers names, signatures and remarks on purpose: that no signature is seen there "
        "says nothing of the original.",
    ),
    both(
        "Quien tenga el original puede mostrarlo: el libro fija su huella y qué rectángulos se ven.",
        "Whoever holds the original can show it: the log fixes its commitment and which rectangles are seen.",
    ),
)
EDITED_ON_PURPOSE = both(
    "La imagen pública está editada a propósito (zonas tapadas, guardada de nuevo) y lo dice: el libro "
    "fija su huella, los rectángulos visibles y el compromiso con el original.",
    "The public image is edited on purpose (zones covered, saved again) and says so: the log fixes its "
    "hash, the visible rectangles and the commitment to the original.",
)
BYTES_HOLD = both(
    "Los bytes publicados tienen la huella que el libro fija: desde entonces nadie los cambió.",
    "The published bytes have the hash that the log fixes: nobody has changed them since.",
)
BYTES_DIFFER = both("Los bytes publicados NO tienen la huella del libro.", "The published bytes do NOT have that hash.")
TWO_EVIDENCES = both(
    "El código QR y lo impreso, leídos por separado, dicen los mismos números: quien retoque las "
    "cifras tendría que rehacer también el código.",
    "QR code and print, read separately, say the same numbers: whoever retouches the figures would "
    "have to make the code again as well.",
)
WORDS_AGREE = both(
    "Las cifras y las palabras impresas, leídas por separado, coinciden: habría que retocar también las palabras.",
    "The printed figures and words, read separately, agree: the words would have to be retouched as well.",
)
CODE_UNREADABLE = both(
    "Ningún lector pudo leer el código de esta imagen; los números salen de lo impreso.",
    "No reader could read the code of this image; the numbers come from the print.",
)
ZONE_VISIBLE = both(
    "La zona bajo el código está entre las visibles de la imagen pública: cualquiera puede mirarla.",
    "The zone below the code is among those that the public image shows: anybody can look.",
)
LINE_THERE = both(
    "La línea de 64 cifras hexadecimales bajo el código está en el acta: una lectura la vio.",
    "The line of 64 hexadecimal digits below the code is on the sheet: a reading saw it.",
)
LINE_ABSENT = both(
    "Una lectura buscó la línea bajo el código y no la vio; un acta cortada al final tampoco la tendría.",
    "A reading looked for the line below the code and did not see it; a sheet cut at its end would not have it either.",
)
CODE_CARRIES = both(
    "El código QR mismo lleva el código del acta y se leyó; la línea de abajo no lleva votos.",
    "The QR code itself carries the sheet's code and was read; the line below it carries no votes.",
)
NONE_SHARED = both(
    "Entre todas las actas del paquete, ninguna otra mesa tiene su código de acta, su contenido del QR, "
    "sus mismos votos línea por línea ni su misma imagen.",
    "Among all sheets of the bundle, no other station has its sheet code, its QR content, its very votes "
    "line by line, or its image.",
)
