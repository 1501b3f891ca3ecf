// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.World;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Processes that are threads of a test, each with one of LibTorch's threads. */
public final class GroupOfThreads {
    private static final int PATIENCE = 60;

    private final int size;
    private final boolean isRestarted;
    private final CyclicBarrier barrier;
    private final Object[] given;
    private volatile boolean isOver;

    private GroupOfThreads(int size, boolean isRestarted) {
        this.isRestarted = isRestarted;
        this.size = size;
        this.barrier = new CyclicBarrier(size);
        this.given = new Object[size];
    }

    /** What each of {@code size} processes gives, by rank; the first failure where one fails. */
    public static <R> List<R> run(int size, Function<ProcessGroup, R> body) {
        return new GroupOfThreads(size, false).run(body);
    }

    /** As {@link #run}, of processes that a launcher started once more. */
    public static <R> List<R> runAnew(int size, Function<ProcessGroup, R> body) {
        return new GroupOfThreads(size, true).run(body);
    }

    private <R> List<R> run(Function<ProcessGroup, R> body) {
        int before = torch.get_num_threads();
        ExecutorService threads = Executors.newFixedThreadPool(size);
        try {
            List<Future<R>> results = new ArrayList<>();
            for (int rank = 0; rank < size; rank++) {
                World world = new World(rank, size);
                results.add(threads.submit(() -> {
                    torch.set_num_threads(1);
                    try {
                        return body.apply(new Member(world));
                    } catch (RuntimeException | Error e) {
                        end();
                        throw e;
                    }
                }));
            }
            return all(results);
        } finally {
            threads.shutdownNow();
            torch.set_num_threads(before); // which every thread that comes later begins with
        }
    }

    private void end() {
        isOver = true;
        barrier.reset();
    }

    private static <R> List<R> all(List<Future<R>> results) {
        List<R> all = new ArrayList<>();
        RuntimeException failure = null;
        for (Future<R> result : results) {
            try {
                all.add(result.get());
            } catch (ExecutionException e) {
                RuntimeException own = e.getCause() instanceof RuntimeException known
                        ? known
                        : new IllegalStateException(e.getCause());
                failure = failure == null || failure instanceof Broken ? own : failure;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
        return all;
    }

    /** Another thread failed. */
    private static final class Broken extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        Broken(@Nullable Throwable cause) {
            super(cause);
        }
    }

    private final class Member implements ProcessGroup {
        private final World world;

        Member(World world) {
            this.world = world;
        }

        @Override
        public World world() {
            return world;
        }

        @Override
        public boolean isRestarted() {
            return isRestarted;
        }

        private void meet() {
            if (isOver) {
                throw new Broken(null);
            }
            try {
                barrier.await(PATIENCE, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new Broken(e);
            }
        }

        private <V> List<V> exchanged(V own, Class<V> type) {
            given[world.rank()] = own;
            meet();
            List<V> all = Arrays.stream(given).map(type::cast).toList();
            meet();
            return all;
        }

        @Override
        public Pending beginSum(Tensor tensor) {
            return () -> TensorScope.run(() -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    List<Tensor> all = exchanged(tensor, Tensor.class);
                    Tensor sum = all.get(0).clone();
                    all.subList(1, size).forEach(sum::add_);
                    meet();
                    tensor.copy_(sum);
                    meet();
                }
            });
        }

        @Override
        public void broadcast(Tensor tensor) {
            TensorScope.run(() -> {
                Tensor first = exchanged(tensor, Tensor.class).get(0);
                if (!world.isFirst()) {
                    tensor.copy_(first);
                }
                meet();
            });
        }

        @Override
        public List<String> gather(String own) {
            return exchanged(own, String.class);
        }

        @Override
        public String ofFirst(String own) {
            return exchanged(own, String.class).get(0);
        }

        @Override
        public void first(Runnable work) {
            if (world.isFirst()) {
                work.run();
            }
            meet();
        }

        @Override
        public void fail(Throwable reason) {
            end();
        }

        @Override
        public void close() {}
    }
}
