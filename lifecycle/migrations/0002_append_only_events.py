"""Events are append-only: the database itself refuses UPDATE and DELETE."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION lifecycle_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lifecycle_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER lifecycle_event_append_only BEFORE UPDATE OR DELETE ON lifecycle_event
    FOR EACH ROW EXECUTE FUNCTION lifecycle_event_refuse();
"""
BACK = """
DROP TRIGGER lifecycle_event_append_only ON lifecycle_event;
DROP FUNCTION lifecycle_event_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
