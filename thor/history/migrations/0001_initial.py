"""The tick store: plain SQL, because Django knows neither partitions nor NULLS NOT DISTINCT over text keys."""

from django.db import migrations

from thor.history.queries import query


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(query("create_ticks"), reverse_sql=query("drop_ticks"))]
