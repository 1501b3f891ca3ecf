// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.data.CacheMode;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import java.util.Map;

/** One pass over a folder of JPEGs or a Parquet data set, decoded and resized to tensors by {@link BatchLoader} without any cache. */
final class PhotosCase {
    private static final int BATCH = 64;

    private PhotosCase() {}

    /** Arguments: side of the tensors, threads. Seconds are those of one picture. */
    static void run(String source, List<String> arguments, Rounds rounds) {
        DataConfig config = new DataConfig(
                source,
                Integer.parseInt(arguments.get(0)),
                ChannelMode.RGB,
                ResizeMode.EXACT,
                false,
                0,
                OnBroken.FAIL,
                CacheMode.NONE,
                Integer.parseInt(arguments.get(1)),
                false,
                1,
                false,
                0,
                false,
                null,
                null,
                null,
                KeepMode.LIVE,
                KeepMode.LIVE);
        try (TrainingData data = TrainingData.open(config, SourceOptions.defaults())) {
            pass(data, 0);
            pass(data, 1);
            rounds.ready(arguments.get(1) + " threads", "f32");
            for (int seed = 2; rounds.next(); seed++) {
                double seconds = pass(data, seed);
                rounds.done(seconds, Map.of("images_per_second", 1 / seconds));
            }
        }
    }

    /** Seconds a picture; the loader is new each time, so that nothing is prepared before the clock runs. */
    private static double pass(TrainingData data, long seed) {
        long start = System.nanoTime();
        int count = 0;
        try (BatchLoader loader = data.loader(BATCH, seed, 0)) {
            for (int i = 0; i < loader.batchesPerEpoch(); i++) {
                Batch batch = loader.next();
                TensorScope.run(batch::images);
                count += batch.size();
            }
            return (System.nanoTime() - start) / 1e9 / count;
        }
    }
}
