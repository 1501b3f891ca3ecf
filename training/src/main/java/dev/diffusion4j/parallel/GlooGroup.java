// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch_gloo;

/** A group over LibTorch's Gloo, whose exchanges go over TCP. Two summands commute, and more are added in one order everywhere. */
public final class GlooGroup implements ProcessGroup {
    private static final Duration BETWEEN = Duration.ofMillis(20);
    private static final Duration FAREWELL = Duration.ofSeconds(10);

    private final ProcessPlace place;
    private final ProcessTimes times;
    private final MeetingPlace meeting;
    private final HeartBeat heart;
    private final RollCall roll;
    private final ProcessGroupGloo gloo;
    private long turn;
    private boolean ended;

    private GlooGroup(ProcessPlace place, ProcessTimes times, MeetingPlace meeting) {
        this.place = place;
        this.times = times;
        this.meeting = meeting;
        this.heart = new HeartBeat(MeetingPlace.open(place, false, times), place.world());
        this.roll = new RollCall(meeting, place, times);
        try {
            this.gloo = blaming(() -> {
                roll.awaitAll();
                return TensorScope.ownResult(this::connect);
            });
        } catch (RuntimeException | Error e) {
            heart.close();
            throw e;
        }
    }

    /**
     * Waits until all processes have come. Gloo then writes a line to the standard output, {@code [Gloo] Rank …}, which no setting keeps it from.
     *
     * @throws Problem (a failure) where one has not come in time, naming it
     */
    public static ProcessGroup join(ProcessPlace place, ProcessTimes times) {
        boolean holds = place.world().isFirst() && !place.usesAgentStore();
        MeetingPlace meeting = MeetingPlace.open(place, holds, times);
        try {
            return new GlooGroup(place, times, meeting);
        } catch (RuntimeException | Error e) {
            meeting.close();
            throw e;
        }
    }

    private ProcessGroupGloo connect() {
        Loader.load(torch_gloo.class);
        ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(
                new Milliseconds(times.exchange().toMillis()));
        options.devices(new GlooDeviceVector(ProcessGroupGloo.createDeviceForHostname(meeting.ownAddress())));
        World world = place.world();
        return new ProcessGroupGloo(meeting.store(), world.rank(), world.size(), options);
    }

    @Override
    public World world() {
        return place.world();
    }

    @Override
    public int localRank() {
        return place.localRank();
    }

    @Override
    public boolean isRestarted() {
        return place.restarts() > 0;
    }

    @Override
    public Pending beginSum(Tensor tensor) {
        Work work = blaming(() -> TensorScope.ownResult(() -> gloo.allreduce(new TensorVector(tensor))));
        return () -> finish(work);
    }

    private void finish(Work work) {
        try (work) {
            blaming(work::_wait);
        }
    }

    @Override
    public void broadcast(Tensor tensor) {
        finish(blaming(() -> TensorScope.ownResult(() -> gloo.broadcast(new TensorVector(tensor)))));
    }

    @Override
    public List<String> gather(String own) {
        String name = "gather/" + turn++ + "/";
        return blaming(() -> {
            meeting.put(name + world().rank(), own);
            List<String> all = new ArrayList<>();
            for (int rank = 0; rank < world().size(); rank++) {
                await(name + rank, rank, times.exchange());
                all.add(meeting.get(name + rank));
            }
            return all;
        });
    }

    @Override
    public String ofFirst(String own) {
        String name = "first/" + turn++;
        return blaming(() -> {
            if (world().isFirst()) {
                meeting.put(name, own);
                return own;
            }
            await(name, 0, times.exchange());
            return meeting.get(name);
        });
    }

    @Override
    public void first(Runnable work) {
        String name = "done/" + turn++;
        if (world().isFirst()) {
            work.run();
        }
        blaming(() -> {
            if (world().isFirst()) {
                meeting.put(name, "");
            } else {
                await(name, 0, Duration.ofDays(3650));
            }
            return name;
        });
    }

    private void await(String name, int rank, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        RollCall.Watch watch = roll.watch(rank);
        while (!meeting.has(name)) {
            watch.look();
            if (System.nanoTime() > end) {
                throw roll.hangs(rank, patience);
            }
            Interrupts.sleep(BETWEEN, "while waiting for the other processes");
        }
    }

    /** With what fails put as a problem that says which process is to blame. */
    private <R> R blaming(Supplier<R> exchange) {
        try {
            return exchange.get();
        } catch (Problem | CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            throw roll.afterFailure(e);
        }
    }

    @Override
    public void fail(Throwable reason) {
        if (ended || roll.isOver()) {
            return;
        }
        try {
            if (meeting.isThere()) {
                meeting.put(RollCall.failed(world().rank()), text(reason));
            }
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
        end();
    }

    /** With the names of fields still in braces, for the face of the process that says it. */
    private static String text(Throwable reason) {
        return reason instanceof Problem problem
                ? problem.kind() + "\n" + problem.worded(field -> "{" + field + "}")
                : Problem.Kind.FAILURE + "\n" + reason.getMessage();
    }

    @Override
    public void close() {
        if (!ended) {
            end();
        }
    }

    /** The others see the connections end and look who is left; who holds the meeting place gives them time for that. */
    private void end() {
        ended = true;
        gloo.close();
        try {
            farewell();
        } catch (RuntimeException e) {
            // where they meet is gone meanwhile, and whoever is left notices
        }
        heart.close();
        meeting.close();
    }

    private void farewell() {
        if (!meeting.isThere()) {
            return;
        }
        meeting.add(RollCall.GONE, 1);
        long end = System.nanoTime() + FAREWELL.toNanos();
        boolean holds = world().isFirst() && !place.usesAgentStore();
        int others = world().size() - roll.lost();
        while (holds && meeting.add(RollCall.GONE, 0) < others && System.nanoTime() < end) {
            Interrupts.sleep(BETWEEN, "while the other processes end");
        }
    }
}
