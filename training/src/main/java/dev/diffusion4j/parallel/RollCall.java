// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Finds out which process is to blame when an exchange fails: one that said why it ends, one that is silent, or one that does not come. */
final class RollCall {
    /** How many processes have ended. */
    static final String GONE = "gone";

    private static final Duration BETWEEN = Duration.ofMillis(100);
    /** Whoever is waited for outside an exchange, where no connection ends with it. */
    private static final Duration LONG_SILENCE = Duration.ofSeconds(20);

    private final MeetingPlace meeting;
    private final ProcessPlace place;
    private final ProcessTimes times;
    private boolean over;
    private int lost;

    RollCall(MeetingPlace meeting, ProcessPlace place, ProcessTimes times) {
        this.meeting = meeting;
        this.place = place;
        this.times = times;
    }

    /** Where a process says why it ends, and before it in a line of its own, of what {@linkplain Problem.Kind kind} that is. */
    static String failed(int rank) {
        return "failed/" + rank;
    }

    private static String waits(int rank) {
        return "waits/" + rank;
    }

    /** Whether it has found that the group is no more. */
    boolean isOver() {
        return over;
    }

    /** How many processes will never say that they have ended, as far as it knows. */
    int lost() {
        return lost;
    }

    /** Waits until all have come; a process that has come beats. */
    void awaitAll() {
        long end = System.nanoTime() + times.join().toNanos();
        List<Integer> missing = others();
        while (!missing.isEmpty()) {
            missing = missing.stream().filter(rank -> beats(rank) == 0).toList();
            if (!missing.isEmpty() && System.nanoTime() > end) {
                throw ended(name(missing) + (missing.size() == 1 ? " has" : " have") + " not come in "
                        + times.join().toSeconds() + " s (" + ProcessTimes.JOIN + ")");
            }
            Interrupts.sleep(BETWEEN, "while waiting for the other processes");
        }
    }

    private List<Integer> others() {
        return IntStream.range(0, place.world().size())
                .filter(rank -> rank != place.world().rank())
                .boxed()
                .toList();
    }

    private long beats(int rank) {
        return meeting.add(HeartBeat.name(rank), 0);
    }

    /** What to say after an exchange failed. */
    Problem afterFailure(RuntimeException failure) {
        if (!meeting.isThere()) {
            return ended(MeetingPlace.holder(place) + " is gone");
        }
        try {
            meeting.put(waits(place.world().rank()), "");
            long[] before = others().stream().mapToLong(this::beats).toArray();
            Interrupts.sleep(HeartBeat.SILENCE, "while looking which process is gone");
            return verdict(before, failure);
        } catch (Problem e) {
            over = true;
            return e;
        } catch (RuntimeException e) {
            return ended(MeetingPlace.holder(place) + " is gone");
        }
    }

    private Problem verdict(long[] before, RuntimeException failure) {
        List<Integer> others = others();
        for (int rank : others) {
            if (meeting.has(failed(rank))) {
                return failedAs(rank);
            }
        }
        List<Integer> silent = new ArrayList<>();
        List<Integer> absent = new ArrayList<>();
        List<Integer> waiting = new ArrayList<>();
        for (int i = 0; i < before.length; i++) {
            int rank = others.get(i);
            if (meeting.has(waits(rank))) {
                waiting.add(rank);
                continue; // it was in the same exchange, and may have ended since because that failed
            }
            (beats(rank) == before[i] ? silent : absent).add(rank);
        }
        if (!silent.isEmpty()) {
            return gone(silent);
        }
        if (!absent.isEmpty()) {
            return hangs(absent.get(0), times.exchange());
        }
        return ended("the connection to " + name(waiting) + " broke: " + MeetingPlace.firstLine(failure));
    }

    /** Of a wrong request too where that one is: a launcher need not try it again. */
    private Problem failedAs(int rank) {
        String[] said = meeting.get(failed(rank)).split("\n", 2);
        Problem ended = ended(name(List.of(rank)) + " failed: " + said[said.length - 1]);
        return said[0].equals(Problem.Kind.REQUEST.name())
                ? Problem.request(ended.worded(field -> "{" + field + "}"))
                : ended;
    }

    private Problem gone(List<Integer> silent) {
        lost = silent.size();
        return ended(
                name(silent) + " no longer " + (silent.size() == 1 ? "answers" : "answer") + ": killed, or cut off");
    }

    /** Of a process that lives and does not come. */
    Problem hangs(int rank, Duration patience) {
        return ended(name(List.of(rank)) + " lives, but has not come to an exchange in " + patience.toSeconds() + " s ("
                + ProcessTimes.EXCHANGE + ")");
    }

    private Problem ended(String what) {
        over = true;
        return Problem.failure("the training ended because " + what);
    }

    private String name(List<Integer> ranks) {
        String numbers = ranks.stream().map(String::valueOf).collect(Collectors.joining(", "));
        return (ranks.size() == 1 ? "process " : "processes ") + numbers + " of "
                + place.world().size();
    }

    /** Looks after a process that is waited for. */
    Watch watch(int rank) {
        return new Watch(rank);
    }

    /** Notices when one is silent for long, or has failed. */
    final class Watch {
        private final int rank;
        private long beats = -1;
        private long since = System.nanoTime();
        private long lastLook = System.nanoTime();

        private Watch(int rank) {
            this.rank = rank;
        }

        /** @throws Problem (a failure) where the process is gone */
        void look() {
            long now = System.nanoTime();
            if (now - lastLook < BETWEEN.toNanos() * 5) {
                return;
            }
            lastLook = now;
            if (meeting.has(failed(rank))) {
                throw failedAs(rank);
            }
            long heard = beats(rank);
            if (heard != beats) {
                beats = heard;
                since = now;
            } else if (now - since > LONG_SILENCE.toNanos()) {
                throw gone(List.of(rank));
            }
        }
    }
}
