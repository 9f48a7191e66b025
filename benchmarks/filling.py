"""Many rows of a model by one statement: copies of one row, with SQL expressions of ``n`` where they shall differ."""

from django.db import connection

__all__ = ('fill',)


def fill(instance, count: int, **expressions: str) -> None:
    """
    Store ``instance`` (not saved yet), then ``count`` copies of its row. ``expressions`` gives columns that differ as
    SQL of ``n``, which runs from 1 to ``count``.
    """
    instance.save()
    model = type(instance)
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key and not field.generated]
    quote = connection.ops.quote_name
    values = [expressions.get(column, f'template.{quote(column)}') for column in columns]
    table = quote(model._meta.db_table)
    statement = f"""
        INSERT INTO {table} ({', '.join(map(quote, columns))})
        SELECT {', '.join(values)} FROM {table} AS template, generate_series(1, {int(count)}) AS n
        WHERE template.id = {int(instance.pk)}
    """
    with connection.cursor() as cursor:
        cursor.execute(statement)
        # As autovacuum leaves a table that has come to rest.
        cursor.execute(f'VACUUM ANALYZE {table}')
