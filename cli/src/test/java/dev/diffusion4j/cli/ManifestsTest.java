// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.parallel.ProcessPlace;
import dev.diffusion4j.tensor.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the manifests for Kubernetes give a pod is what the command understands. Their schemas: {@code oracle/check_manifests.py}. */
class ManifestsTest {
    private static final Path FOLDER = Path.of("..", "examples", "kubernetes");
    private static final String INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']";
    private static final String RESTARTS = "metadata.annotations['jobset.sigs.k8s.io/restart-attempt']";

    /** The documents of a file, by their kind. */
    private static Map<String, Manifest> read(String name) throws IOException {
        Map<String, Manifest> all = new HashMap<>();
        for (String text : Files.readString(FOLDER.resolve(name)).split("(?m)^---$")) {
            Manifest manifest = new Manifest(Yaml.parseObject(text, name));
            all.put(String.valueOf(manifest.at("kind")), manifest);
        }
        return all;
    }

    private record Manifest(@Nullable Object value) {
        /** A field of a field, or a place in a list. */
        @Nullable
        Object at(Object... path) {
            Object at = value;
            for (Object key : path) {
                at = at instanceof List<?> list
                        ? list.get((Integer) key)
                        : at instanceof Map<?, ?> map ? map.get(key) : null;
            }
            return at;
        }

        Manifest below(Object... path) {
            return new Manifest(at(path));
        }

        String text(Object... path) {
            return String.valueOf(at(path));
        }

        /** As a container has it, where {@code fields} are what the cluster knows of the pod. */
        Map<String, String> environment(Map<String, String> fields) {
            Map<String, String> all = new HashMap<>();
            for (Object each : (List<?>) value) {
                Manifest variable = new Manifest(each);
                Object given = variable.at("value");
                String field = variable.text("valueFrom", "fieldRef", "fieldPath");
                all.put(variable.text("name"), given != null ? given.toString() : fields.get(field));
            }
            return all;
        }

        String[] words() {
            return ((List<?>) value).stream().map(String::valueOf).toArray(String[]::new);
        }
    }

    @Test
    void a_pod_of_the_job_finds_the_others_and_its_command_is_one() throws IOException {
        Map<String, Manifest> all = read("job.yaml");
        Manifest job = all.get("Job").below("spec");
        Manifest pod = job.below("template", "spec");
        Manifest container = pod.below("containers", 0);
        Map<String, String> environment = container.below("env").environment(Map.of(INDEX, "1"));
        String name = all.get("Job").text("metadata", "name");
        assertThat(ProcessPlace.of(environment))
                .contains(new ProcessPlace(
                        new World(1, 2),
                        0,
                        1,
                        name + "-0." + all.get("Service").text("metadata", "name"),
                        29500,
                        false,
                        1));
        assertThat(List.of(job.text("completions"), job.text("parallelism"), environment.get("WORLD_SIZE")))
                .containsOnly("2");
        assertThat(pod.text("subdomain")).isEqualTo(all.get("Service").text("metadata", "name"));
        assertThat(all.get("Service").text("spec", "selector", "batch.kubernetes.io/job-name"))
                .isEqualTo(name);
        assertThat(container.below("args").words()).satisfies(ManifestsTest::isCommand);
    }

    @Test
    void a_pod_of_the_train_job_takes_what_kubeflow_gives_it() throws IOException {
        Map<String, Manifest> all = read("trainjob.yaml");
        Manifest trainer = all.get("TrainJob").below("spec", "trainer");
        Manifest node = all.get("TrainingRuntime").below("spec", "template", "spec", "replicatedJobs", 0);
        Manifest container = node.below("template", "spec", "template", "spec", "containers", 0);
        assertThat(List.of(node.text("name"), container.text("name"))).containsOnly("node");
        Map<String, String> environment = new HashMap<>(trainer.below("env").environment(Map.of()));
        environment.putAll(container.below("env").environment(Map.of(RESTARTS, "2")));
        String name = all.get("TrainJob").text("metadata", "name");
        environment.put("PET_NNODES", trainer.text("numNodes"));
        environment.put("PET_NODE_RANK", "1");
        environment.put("PET_NPROC_PER_NODE", trainer.text("numProcPerNode"));
        environment.put("PET_MASTER_ADDR", name + "-node-0-0." + name);
        environment.put("PET_MASTER_PORT", "29500");
        assertThat(ProcessPlace.of(environment))
                .contains(new ProcessPlace(new World(1, 2), 0, 1, "butterflies-node-0-0.butterflies", 29500, false, 2));
        assertThat(all.get("TrainJob").text("spec", "runtimeRef", "name"))
                .isEqualTo(all.get("TrainingRuntime").text("metadata", "name"));
        assertThat(trainer.below("args").words()).satisfies(ManifestsTest::isCommand);
    }

    private static void isCommand(String[] words) {
        assertThat(Diffuse.commandLine().parseArgs(words).hasSubcommand())
                .as(Json.compact(List.of(words)))
                .isTrue();
    }

    @Test
    void the_runs_of_both_are_in_the_volume_that_is_claimed() throws IOException {
        String claim = read("volume.yaml").get("PersistentVolumeClaim").text("metadata", "name");
        for (String file : List.of("job.yaml", "trainjob.yaml")) {
            String text = Files.readString(FOLDER.resolve(file));
            assertThat(text).contains("claimName: " + claim + "}", "mountPath: /runs}", "--out, /runs/");
            assertThat(Files.readString(Path.of("..", "docs", "how-to", "processes.md")))
                    .contains("kubectl apply -f examples/kubernetes/" + file);
        }
    }
}
