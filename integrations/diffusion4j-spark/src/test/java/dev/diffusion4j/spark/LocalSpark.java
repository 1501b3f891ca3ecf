// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import org.apache.spark.sql.SparkSession;

/** A session in this process that is seen by nobody else. */
final class LocalSpark {
    private LocalSpark() {}

    /**
     * @param master {@code local[2,4]}: two tasks at a time, each tried four times
     * @param serializer of what moves between tasks
     */
    static SparkSession open(String master, String serializer) {
        return SparkSession.builder()
                .master(master)
                .appName("diffusion4j")
                .config("spark.serializer", "org.apache.spark.serializer." + serializer)
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.default.parallelism", "2")
                .getOrCreate();
    }
}
