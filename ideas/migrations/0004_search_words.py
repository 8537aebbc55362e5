"""What the search reads: a generated column of weighted lexemes, and trigrams of the folded title.

PostgreSQL keeps the column; Django does not know it, so that no list loads it (see ideas/search.py). The configuration
`russian` stems Cyrillic words as Russian and Latin ones as English, so one column serves both languages.
"""

from django.db import migrations

FORWARD = """
    ALTER TABLE ideas_idea ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('russian', translate(title, 'ёЁ', 'еЕ')), 'A')
        || setweight(to_tsvector('russian', translate(body, 'ёЁ', 'еЕ')), 'C')
    ) STORED;
    CREATE INDEX idea_words ON ideas_idea USING gin (words);
    CREATE INDEX idea_title_trigrams ON ideas_idea USING gin (translate(lower(title), 'ё', 'е') gin_trgm_ops);
"""
BACKWARD = "DROP INDEX idea_title_trigrams; ALTER TABLE ideas_idea DROP COLUMN words;"


class Migration(migrations.Migration):
    dependencies = [("ideas", "0003_merge_pointers")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
