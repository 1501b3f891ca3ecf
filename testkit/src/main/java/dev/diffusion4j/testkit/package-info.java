// SPDX-License-Identifier: Apache-2.0
/**
 * What each extension point promises, as JUnit tests. A class of yours gets them by extending the contract and implementing its
 * abstract methods: {@link dev.diffusion4j.testkit.SchedulerContract}, {@link dev.diffusion4j.testkit.ModelContract},
 * {@link dev.diffusion4j.testkit.ConditionerContract}, {@link dev.diffusion4j.testkit.CodecContract},
 * {@link dev.diffusion4j.testkit.GuidanceLossContract}, {@link dev.diffusion4j.testkit.DatasetContract},
 * {@link dev.diffusion4j.testkit.TrackerContract}. What an implementation cannot do is declared by overriding a method of the
 * contract, which then checks that instead; no test is skipped.
 */
@NullMarked
package dev.diffusion4j.testkit;

import org.jspecify.annotations.NullMarked;
