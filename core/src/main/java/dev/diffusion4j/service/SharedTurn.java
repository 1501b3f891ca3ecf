// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.DrawnPicture;
import dev.diffusion4j.drawing.SharedSink;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Several jobs that are drawn in one batch, each with its own progress and its own end. One that ends early leaves within one step; its share of
 * the samples goes with the batch, which ends as soon as nobody is left.
 */
final class SharedTurn implements SharedSink {
    private final List<Member> members = new ArrayList<>();
    private final StepClock clock;

    /** A job, and where its pictures are in the batch. */
    private static final class Member {
        private final Job job;
        private final int first;
        private final List<FinishedPicture> pictures = new ArrayList<>();
        private boolean isOver;

        Member(Job job, int first) {
            this.job = job;
            this.first = first;
        }

        void finish(Throwable why) {
            if (!isOver) {
                isOver = true;
                job.finish(null, why);
            }
        }

        void finish() {
            if (!isOver) {
                isOver = true;
                job.finish(new JobResult(job.drawing().job().request(), pictures), null);
            }
        }

        /** Its own part of a step. */
        void step(StepEvent all) {
            int count = job.drawing().count();
            TensorScope.run(() -> job.drawing()
                    .step(
                            new StepEvent(
                                    all.stepIndex(),
                                    all.steps(),
                                    all.timestep(),
                                    0,
                                    all.sample().narrow(0, first, count),
                                    all.predOriginalSample().narrow(0, first, count),
                                    all.losses()),
                            job,
                            job.listener()));
        }
    }

    /** @param jobs that are alike and have begun */
    SharedTurn(List<Job> jobs) {
        int first = 0;
        for (Job job : jobs) {
            members.add(new Member(job, first));
            first += job.drawing().count();
        }
        Drawing any = jobs.get(0).drawing();
        clock = new StepClock(jobs.get(0).number(), any.need().model(), any.meter());
    }

    /** Draws, on the calling thread; throws nothing. */
    void draw() {
        List<DrawingJob> jobs =
                members.stream().map(member -> member.job.drawing().job()).toList();
        try {
            if (!DrawingJob.drawTogether(jobs, this, this::step, new Cancellation())) {
                throw new IllegalStateException("jobs that are alike could not be drawn together");
            }
            members.forEach(Member::finish);
        } catch (Throwable e) { // also an Error: the jobs end with it, and the thread goes on
            members.forEach(member -> member.finish(e));
        }
    }

    private void step(StepEvent all) {
        clock.end(all);
        for (Member member : members) {
            if (!member.isOver) {
                step(member, all);
            }
        }
        if (members.stream().allMatch(member -> member.isOver)) {
            throw new CancellationException("nobody wants the batch any more");
        }
        clock.begin();
    }

    private static void step(Member member, StepEvent all) {
        try {
            if (member.job.isEnding()) {
                member.finish(new CancellationException("the job has ended early"));
            } else {
                member.step(all);
            }
        } catch (Throwable e) { // of its listener
            member.finish(e);
        }
    }

    @Override
    public void accept(int place, DrawnPicture picture) {
        Member member = members.get(place);
        if (member.isOver) {
            return;
        }
        try {
            Drawing.finished(picture, member.pictures, member.job, member.job.listener());
        } catch (Throwable e) { // of its listener
            member.finish(e);
        }
    }

    @Override
    public void fail(int place, RuntimeException why) {
        members.get(place).finish(why);
    }
}
