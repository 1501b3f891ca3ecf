// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.folder.PartStore;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An application's meter, whose errors stay here; it also sees what a store reads and drops. */
record SafeMeter(ServiceMeter meter) implements ServiceMeter, PartStore.Watcher {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceMeter.class);

    private static void safely(Runnable count) {
        try {
            count.run();
        } catch (RuntimeException e) {
            LOG.warn("a meter failed", e);
        }
    }

    @Override
    public void onSubmit() {
        safely(meter::onSubmit);
    }

    @Override
    public void onRefuse() {
        safely(meter::onRefuse);
    }

    @Override
    public void onStart(Duration waited) {
        safely(() -> meter.onStart(waited));
    }

    @Override
    public void onStep(int pictures, Duration took) {
        safely(() -> meter.onStep(pictures, took));
    }

    @Override
    public void onEnd(JobState state, Duration ran) {
        safely(() -> meter.onEnd(state, ran));
    }

    @Override
    public void onLoad(long bytes, Duration took) {
        safely(() -> meter.onLoad(bytes, took));
    }

    @Override
    public void onDrop(long bytes) {
        safely(() -> meter.onDrop(bytes));
    }
}
