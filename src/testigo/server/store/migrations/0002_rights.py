"""What the tables never allow, what the programs may call, and who may touch what."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent


def read(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0001_tables"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.RunSQL(read("0002_guards.sql"), migrations.RunSQL.noop),
        migrations.RunSQL(read("0002_functions.sql"), migrations.RunSQL.noop),
        migrations.RunSQL(read("0002_grants.sql"), migrations.RunSQL.noop),
    ]
