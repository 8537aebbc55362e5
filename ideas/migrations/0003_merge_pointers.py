import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ideas', '0002_initial'),
        ('lifecycle', '0002_append_only_events'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='idea',
            name='idea_not_its_own_duplicate',
        ),
        migrations.RemoveIndex(
            model_name='idea',
            name='idea_title_trigrams',
        ),
        migrations.AddField(
            model_name='idea',
            name='merged_into',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_here', to='ideas.idea'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(condition=models.Q(('canonical', None)), fields=['product', '-moved_at', '-id'], name='idea_moved'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(condition=models.Q(('queue_rank__gt', 0)), fields=['product', 'queue_rank'], name='idea_queue'),
        ),
        migrations.AddConstraint(
            model_name='agendaitem',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['voting', 'revealed'])), fields=('session',), name='one_item_on_stage'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('canonical', models.F('id')), _negated=True), models.Q(('merged_into', models.F('id')), _negated=True)), name='idea_not_its_own_duplicate'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('canonical__isnull', True), ('merged_into__isnull', True)), models.Q(('canonical__isnull', False), ('merged_into__isnull', False)), _connector='OR'), name='idea_merged_with_both_pointers'),
        ),
    ]
