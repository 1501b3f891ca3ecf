// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A recipe whose own pictures do not come with the library says loudly that it learns from others. */
class MadeUpDataTest {
    private static final String TINY = " --set data.image_size=8 --set data.limit=8 --set training.batch_size=4"
            + " --set training.max_steps=1 --set samples.count=0 --set model.config.norm_num_groups=4"
            + " --set model.config.layers_per_block=1 --set model.config.block_out_channels=[8]"
            + " --set model.config.down_block_types=[DownBlock2D] --set model.config.up_block_types=[UpBlock2D]";

    @TempDir
    Path folder;

    private Command.Outcome train(String arguments) {
        Command.Outcome outcome =
                Command.run(("train butterflies-32 --out " + folder + "/" + arguments + TINY).split(" "));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        return outcome;
    }

    @Test
    void only_where_no_data_was_named() {
        assertThat(train("a").err()).contains("MADE-UP SHAPES", "--data folder:PATH");
        assertThat(train("b --data shapes").err()).doesNotContain("MADE-UP");
    }
}
