// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** What an executor draws with: a service of all its tasks. */
final class DrawingEngine {
    /** More than an executor has tasks, each of which has one request at a time. */
    private static final int MOST_WAITING = 100_000;

    private DrawingEngine() {}

    /** What two drawings share where it is equal. */
    private record Key(Map<String, BulkModel> models, int workers, int threads) {}

    /** A service that ends at once, with its executor. */
    private record Engine(DiffusionService service) implements AutoCloseable {
        @Override
        public void close() {
            service.close(Duration.ZERO);
        }
    }

    /**
     * This executor's service, which is opened where it is not there yet.
     *
     * @throws Problem naming what is wrong with a model
     */
    static DiffusionService service(BulkDrawing drawing) {
        Key key = new Key(drawing.models(), drawing.workers(), drawing.threads());
        return OnExecutor.get(key, Engine.class, () -> open(drawing)).service();
    }

    private static Engine open(BulkDrawing drawing) {
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        drawing.models().forEach((name, model) -> models.put(name, model.toServiceModel()));
        return new Engine(DiffusionService.open(models, ServiceConfig.DEFAULT.with(c -> {
            c.workers = drawing.workers();
            c.threads = drawing.threads();
            c.queue = MOST_WAITING;
        })));
    }

    /**
     * Opens it on one executor, whichever it is, so that what is missing is said before anything is drawn, in one line.
     *
     * @throws Problem (a failure) naming it
     */
    static void check(SparkSession session, BulkDrawing drawing) {
        String problem = JavaSparkContext.fromSparkContext(session.sparkContext())
                .parallelize(List.of(0), 1)
                .map(nothing -> problem(drawing)) // within the closure, since Kryo takes no records
                .first();
        if (!problem.isEmpty()) {
            throw Problem.failure(problem);
        }
    }

    private static String problem(BulkDrawing drawing) {
        try {
            service(drawing);
            return "";
        } catch (Problem e) {
            return String.valueOf(e.getMessage());
        }
    }
}
