"""Invented names: of people, schools, streets and places. With accents, because real ones have them.

Rules of this module
--------------------
1. Nobody real: common given names and surnames, put together by chance.
2. Everything is drawn from the generator that is handed in.
"""

from __future__ import annotations

from random import Random

_GIVEN = (
    "María", "José", "Ana", "Luis", "Carmen", "Ángel", "Rosa", "Jesús", "Inés", "Andrés", "Belén", "Óscar", "Lucía",
    "Héctor", "Sofía", "Martín", "Beatriz", "Julián", "Noemí", "Rubén", "Adela", "Simón", "Verónica", "Tomás", "Úrsula",
)  # fmt: skip
_SURNAMES = (
    "Pérez", "Núñez", "Rondón", "Güipe", "Salazar", "Ibáñez", "Briceño", "Márquez", "Araujo", "Peña", "Urdaneta",
    "Zambrano", "Colmenares", "Yánez", "Quiñones", "Lárez", "Muñoz", "Echeverría", "Villalobos", "Ñáñez", "Fermín",
)  # fmt: skip
_SCHOOLS = (
    "Unidad Educativa", "Escuela Básica", "Liceo", "Centro de Educación Inicial", "Grupo Escolar", "Escuela Técnica",
    "Casa de la Cultura", "Ambulatorio", "Polideportivo",
)  # fmt: skip
_PATRONS = (
    "Cecilio Acosta", "Andrés Bello", "Simón Rodríguez", "La Concepción", "José Ángel Lamas", "Doña Bárbara",
    "Rómulo Peña", "Los Próceres", "Nuestra Señora del Camino", "El Ñandú", "Arístides Güiria", "Las Américas",
    "Pedro Núñez", "Santa Lucía", "Río Caribe", "La Esperanza", "Teresa Ibáñez", "San José Obrero", "El Samán",
)  # fmt: skip
_PLACES = (
    "San Rafael", "Peñalver", "Güigüe", "La Cañada", "Monte Verde", "Río Hondo", "Los Médanos", "San Agustín", "El Tuy",
    "Boca de Uchire", "Las Piñas", "Cerro Azul", "Santa Inés", "El Rincón", "Ocumare", "Las Mercedes", "San Martín",
    "Chuspa", "Puerto Píritu", "La Unión", "Altagracia", "El Cují", "Mamporal", "Turén", "Agua Larga", "Yagüe",
)  # fmt: skip
_STREETS = ("Calle", "Avenida", "Carrera", "Vereda", "Sector", "Urbanización")


def invented_person(rng: Random) -> str:
    """Given name and two surnames."""
    return f"{rng.choice(_GIVEN)} {rng.choice(_SURNAMES)} {rng.choice(_SURNAMES)}"


def invented_centre(rng: Random) -> str:
    """Name of a polling centre, such as *Liceo Andrés Bello*."""
    return f"{rng.choice(_SCHOOLS)} {rng.choice(_PATRONS)}"


def invented_place(rng: Random) -> str:
    """Name of a part of the territory."""
    return rng.choice(_PLACES)


def invented_address(rng: Random) -> str:
    """A street and a corner."""
    street, corner = rng.choice(_PATRONS), rng.choice(_SURNAMES)
    return f"{rng.choice(_STREETS)} {street}, cruce con calle {corner}, n.º {rng.randint(1, 120)}"
