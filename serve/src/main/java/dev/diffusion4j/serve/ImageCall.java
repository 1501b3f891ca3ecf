// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.ServiceRequest;
import java.util.List;
import java.util.stream.Stream;

/**
 * A request of OpenAI's interface for pictures, checked.
 *
 * @param form how pictures are sent
 * @param asUrl whether by an address, and not in the answer itself
 * @param streams whether as events
 * @param ignored fields that were of no use
 */
record ImageCall(ServiceRequest request, PictureForm form, boolean asUrl, boolean streams, List<String> ignored) {
    /** With more that was of no use. */
    ImageCall withIgnored(List<String> more) {
        return new ImageCall(
                request,
                form,
                asUrl,
                streams,
                Stream.concat(ignored.stream(), more.stream()).toList());
    }
}
