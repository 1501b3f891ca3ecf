// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.World;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What launchers write into the environment, as their documentation has it, and what people get wrong. */
class ProcessPlaceTest {
    private static final String TORCHRUN =
            "RANK=3 LOCAL_RANK=1 WORLD_SIZE=4 LOCAL_WORLD_SIZE=2 GROUP_RANK=1 MASTER_ADDR=red ";
    private static final String SLURM =
            "SLURM_JOB_ID=123456 SLURM_STEP_ID=0 SLURM_PROCID=5 SLURM_LOCALID=1 SLURM_NODEID=2 "
                    + "SLURM_STEP_NUM_TASKS=7 SLURM_NTASKS=7 SLURM_STEP_TASKS_PER_NODE=2(x3),1 SLURM_JOB_NODELIST=node[01-03,07] ";
    private static final String MPI =
            "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2 ";
    private static final String POD =
            "PET_NNODES=2 PET_NODE_RANK=1 PET_MASTER_ADDR=job-node-0-0.job PET_MASTER_PORT=29500 ";

    @Test
    void torchrun_gives_a_place_and_may_hold_the_store_itself() {
        assertThat(place(TORCHRUN)).isEqualTo(new ProcessPlace(new World(3, 4), 1, 2, "red", 29500, false, 0));
        assertThat(place(TORCHRUN
                        + "MASTER_PORT=4711 TORCHELASTIC_USE_AGENT_STORE=True TORCHELASTIC_RESTART_COUNT=2 "
                        + SLURM
                        + POD))
                .isEqualTo(new ProcessPlace(new World(3, 4), 1, 2, "red", 4711, true, 2));
    }

    @Test
    void a_pod_that_knows_only_its_rank_is_a_machine_of_its_own() {
        assertThat(place("RANK=1 WORLD_SIZE=2 MASTER_ADDR=trainer-0.trainer"))
                .isEqualTo(new ProcessPlace(new World(1, 2), 0, 1, "trainer-0.trainer", 29500, false, 0));
        ProcessPlace pod = new ProcessPlace(new World(1, 2), 0, 1, "job-node-0-0.job", 29500, false, 0);
        assertThat(place(POD)).isEqualTo(pod);
        assertThat(place(POD + "PET_NPROC_PER_NODE=1")).isEqualTo(pod);
        assertThat(place(POD + "TORCHELASTIC_RESTART_COUNT=2").restarts()).isEqualTo(2);
        assertThat(place(POD + "TORCHELASTIC_RESTART_COUNT=")).isEqualTo(pod);
        assertThat(place(POD + "PET_NPROC_PER_NODE=auto")).isEqualTo(pod);
    }

    @Test
    void a_task_of_slurm_meets_the_others_on_the_first_machine() {
        assertThat(place(SLURM)).isEqualTo(new ProcessPlace(new World(5, 7), 1, 2, "node01", 18456, false, 0));
        assertThat(place(SLURM + "WORLD_SIZE=7 MASTER_ADDR=blue MASTER_PORT=1"))
                .isEqualTo(new ProcessPlace(new World(5, 7), 1, 2, "blue", 1, false, 0));
        assertThat(place("SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=2 SLURM_NTASKS_PER_NODE=2"))
                .isEqualTo(new ProcessPlace(new World(0, 2), 0, 2, "127.0.0.1", 15000, false, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "node[01-03,07] node01",
                "node[7,01-03],a node7",
                "b,node[1-2] b",
                "rack[2-3]n[004-009] rack2n004",
                "gpu-1.site gpu-1.site"
            })
    void the_first_of_a_list_of_machines(String list, String first) {
        assertThat(SlurmPlace.firstHost(list)).isEqualTo(first);
    }

    @Test
    void processes_of_openmpi_on_one_machine_need_no_address() {
        assertThat(place(MPI)).isEqualTo(new ProcessPlace(new World(1, 2), 1, 2, "127.0.0.1", 29500, false, 0));
        assertThat(place(MPI + "MASTER_ADDR=red " + SLURM).masterAddress())
                .as("mpirun's daemons are tasks of Slurm, its processes are not")
                .isEqualTo("red");
    }

    @ParameterizedTest
    @CsvSource({
        "''",
        "MASTER_ADDR=red MASTER_PORT=1",
        "RANK= WORLD_SIZE=",
        "RANK=0 WORLD_SIZE=1",
        "WORLD_SIZE=1",
        "LOCAL_RANK=0",
        "SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=4 SLURM_JOB_ID=1",
        "SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=4 SLURM_STEP_ID=0",
        "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1",
        "PET_NNODES=1 PET_NODE_RANK=0 PET_NPROC_PER_NODE=4 PET_MASTER_ADDR=a"
    })
    void a_process_that_works_alone_has_none(String environment) {
        assertThat(ProcessPlace.of(environment(environment))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RANK=x WORLD_SIZE=2                                | RANK must be a whole number from 0 to 1, but was 'x'",
                "RANK=2 WORLD_SIZE=2                                | RANK must be a whole number from 0 to 1, but was '2'",
                "RANK=-1 WORLD_SIZE=2                               | but was '-1'",
                "RANK=0 WORLD_SIZE=0                                | WORLD_SIZE must be a whole number of at least 1, but was '0'",
                "RANK=1                                             | the environment has RANK=1 but no WORLD_SIZE",
                "WORLD_SIZE=2                                       | the environment has WORLD_SIZE=2 but no RANK",
                "RANK=1 WORLD_SIZE=2                                | WORLD_SIZE=2 but no MASTER_ADDR",
                "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=0    | MASTER_PORT must be a whole number from 1 to 65535, but was '0'",
                "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=tcp://1.2.3.4:5 | but was 'tcp://1.2.3.4:5'",
                "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a LOCAL_RANK=1     | LOCAL_RANK=1 but no LOCAL_WORLD_SIZE",
                "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a LOCAL_RANK=1 LOCAL_WORLD_SIZE=1 | LOCAL_RANK must be a whole number from 0 to 0",
                "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a LOCAL_RANK=1 LOCAL_WORLD_SIZE=3 | LOCAL_WORLD_SIZE must be a whole number from 1 to 2",
                "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=2 | but no MASTER_ADDR",
                "OMPI_COMM_WORLD_RANK=0                             | OMPI_COMM_WORLD_RANK=0 but no OMPI_COMM_WORLD_SIZE",
                "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=4 SLURM_TASKS_PER_NODE=2(3) | SLURM_TASKS_PER_NODE must be a list",
                "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=4 SLURM_TASKS_PER_NODE=2 SLURM_NODEID=1 | the tasks of machine 1",
                "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=4 SLURM_TASKS_PER_NODE=2(x2) SLURM_JOB_NODELIST=a[1 | but was 'a[1'",
                "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=4 SLURM_TASKS_PER_NODE=2(x2) WORLD_SIZE=8 MASTER_ADDR=a | WORLD_SIZE must be 4",
                "PET_NNODES=1:4 PET_NODE_RANK=0                     | PET_NNODES must be a whole number of at least 1, but was '1:4'",
                "PET_NNODES=2 PET_NODE_RANK=0 PET_NPROC_PER_NODE=4 PET_MASTER_ADDR=a | PET_NPROC_PER_NODE must be 1"
            })
    void what_makes_no_sense_is_one_line_that_names_the_variable(String environment, String line) {
        assertThatThrownBy(() -> ProcessPlace.of(environment(environment)))
                .isInstanceOfSatisfying(
                        Problem.class, problem -> assertThat(problem.kind()).isEqualTo(Problem.Kind.REQUEST))
                .hasMessageContaining(line);
    }

    private static ProcessPlace place(String environment) {
        return ProcessPlace.of(environment(environment)).orElseThrow();
    }

    /** {@code NAME=value NAME=value}. */
    private static Map<String, String> environment(String text) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String pair : text.trim().split(" +")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                all.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return all;
    }
}
