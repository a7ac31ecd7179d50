"""The tasks of the generation and training workers, and one of the default worker.

Torch is imported in the child that runs them, never in the parent that forks.
"""

from copystudio.celery import app


@app.task(name="generation.run")
def run(run_id: int) -> None:
    from generation.services.execute import run_execute

    run_execute(run_id=run_id)


@app.task(name="generation.train")
def train(run_id: int) -> None:
    from generation.services.train import training_execute

    training_execute(run_id=run_id)


@app.task(name="generation.evaluate")
def evaluate(evaluation_id: int) -> None:
    from generation.services.evaluation import evaluation_execute

    evaluation_execute(evaluation_id=evaluation_id)


@app.task(name="generation.export")
def export(export_id: int) -> None:
    from generation.services.export import export_execute

    export_execute(export_id=export_id)


@app.task(name="generation.exports_prune")
def exports_prune() -> int:
    from generation.services.export_prune import exports_prune as prune

    return prune()


@app.task(name="generation.fetch")
def fetch(fetch_id: int) -> None:
    from generation.services.base_fetch import base_fetch_execute

    base_fetch_execute(fetch_id=fetch_id)


@app.task(name="generation.schedule")
def schedule() -> None:
    from generation.services.schedule import schedules_look

    schedules_look()
