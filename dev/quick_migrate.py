"""
Run ``netbox migrate`` in a fraction of the time: python -m dev.quick_migrate

After each operation Django renders every model that is related to the changed one, however remotely, and in NetBox all
models are. To alter tables, two kinds are enough: the changed model, and the models that refer to it. A migration that
runs Python on the data gets all models: Django renders them first when some are marked as outdated (``is_delayed``).

This replaces private parts of Django, for new databases of developers only. ``make compare-migrations`` compares the
result with that of ``netbox migrate``, and the tests require that comparison for the installed versions.

Before the first migration a line is printed for each: "planned", its name, and its share of the work, in any unit.
"""

import copy

from django.core.management import execute_from_command_line
from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.db.models.signals import pre_migrate

deconstruct_and_build = Field.clone


def models_to_render(state, app_label, model_name, delay=False):
    """
    Replace ``ProjectState._find_reload_model``: return the keys of the models that an operation makes outdated.

    Args:
        state: the ``ProjectState`` that the operation has changed
        delay: whether the operation leaves the keys and relations of the model as they are
    """
    state.is_delayed = True
    keys = {(app_label, model_name)}
    model = state.apps.all_models[app_label].get(model_name)
    if model is not None and not delay:
        referring = [*model.__subclasses__(), *(relation.related_model for relation in model._meta.related_objects)]
        keys.update((each._meta.app_label, each._meta.model_name) for each in referring)
    return keys


def copied(field):
    """Replace ``Field.clone``: deconstruct and rebuild a field the first time, and copy the result from then on."""
    is_plain = type(field).__module__.partition('.')[0] == 'django' and not hasattr(field, 'base_field')
    if not is_plain or field.many_to_many:
        return deconstruct_and_build(field)
    if '_pristine' not in field.__dict__:
        field._pristine = deconstruct_and_build(field)
    clone = copy.deepcopy(field._pristine)
    if not clone.auto_created:
        # As a field that was built now would: it decides the order of the columns.
        clone.creation_counter = Field.creation_counter
        Field.creation_counter += 1
    return clone


def print_plan(plan, **_):
    """Print the planned migrations. Each takes as long as ten operations, and its operations besides, as measured."""
    pre_migrate.disconnect(print_plan)
    for migration, _ in plan:
        print('planned', migration, 10 + len(migration.operations))


def main():
    pre_migrate.connect(print_plan)
    # Fail here, not midway, if Django has renamed the replaced functions.
    assert callable(ProjectState._find_reload_model)
    ProjectState._find_reload_model = models_to_render
    Field.clone = copied
    execute_from_command_line(['netbox', 'migrate', '--no-input', '--no-color', '--skip-checks'])


if __name__ == '__main__':
    main()
