// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

/**
 * What a request will take, worked out before anything is computed.
 *
 * @param bytes of the whole process at its peak, were it the only one
 * @param networkBytes of them for the weights of the model's networks
 * @param seconds of drawing at the speed of this machine's processor, without waiting for its turn
 */
public record ServiceEstimate(double bytes, double networkBytes, double seconds) {}
