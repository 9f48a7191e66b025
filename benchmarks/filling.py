"""Create many rows of a model in one statement: copies of a row, with SQL expressions for columns that differ."""

from django.db import connection

__all__ = ('fill',)


def fill(instance, count: int, **expressions: str) -> None:
    """
    Save ``instance``, which must be new, then store ``count`` copies of its row.

    Args:
        expressions: column → SQL expression of ``n``, which runs from 1 to ``count``, for columns that differ
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
        # The state in which autovacuum leaves a table without writes.
        cursor.execute(f'VACUUM ANALYZE {table}')
