# SPDX-License-Identifier: Apache-2.0
"""The manifests of examples/kubernetes by the schemas of Kubernetes and of Kubeflow Trainer.

Usage: python oracle/check_manifests.py       exit code 1 where a field is unknown, missing or of another type

Kubernetes' own kinds are checked by its published OpenAPI schemas (kubernetes-validate, strict), Kubeflow's by the models that are generated from
its (kubeflow-trainer-api); those drop what they do not know, so what they make of a manifest must be the manifest. What a TrainingRuntime
makes of pods is a Job's template and checked as one. Each manifest is also broken in one place, to see that this would be noticed.
"""
import copy
import pathlib
import sys

import kubernetes_validate
import yaml
from kubeflow_trainer_api import models

ROOT = pathlib.Path(__file__).parent.parent
VERSIONS = ["1.31", "1.34", "1.37"]
KUBEFLOW = {"TrainJob": models.TrainerV1alpha1TrainJob, "TrainingRuntime": models.TrainerV1alpha1TrainingRuntime}


def kubernetes(document):
    for version in VERSIONS:
        kubernetes_validate.validate(document, version, strict=True)


def kubeflow(document):
    kept = KUBEFLOW[document["kind"]].from_dict(copy.deepcopy(document)).to_dict()
    if kept != document:
        raise ValueError(f"Kubeflow knows only {kept}")
    template = document["spec"].get("template", {"spec": {"replicatedJobs": []}})
    for job in template["spec"]["replicatedJobs"]:
        kubernetes({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job["name"]}, "spec": job["template"]["spec"]})


def check(document):
    (kubeflow if document["apiVersion"].startswith("trainer.kubeflow.org/") else kubernetes)(document)


def broken(document):
    """In the deepest place that both kinds have."""
    other = copy.deepcopy(document)
    place = other["spec"]
    for key in ["template", "spec"]:
        place = place.get(key, place)
    place["nothing"] = True
    return other


def is_refused(document):
    try:
        check(document)
        return False
    except Exception:  # noqa: BLE001: each validator has its own
        return True


def main():
    failures = 0
    for file in sorted((ROOT / "examples/kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            name = f"{file.name}: {document['kind']} {document['metadata']['name']}"
            try:
                check(document)
                if not is_refused(broken(document)):
                    raise ValueError("an unknown field is not noticed")
                print(f"{name}: right")
            except Exception as error:  # noqa: BLE001
                failures += 1
                print(f"{name}: {error}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
