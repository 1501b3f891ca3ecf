// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubPublisher;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.hub.HubToken;
import dev.diffusion4j.recipe.publish.Publication;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether a trained model is published when it is done, under the names of diffusers' scripts. */
final class PublishOptions {
    @Option(
            names = {"--push-to-hub", "--push_to_hub"},
            description =
                    "Publish the trained model on the Hugging Face Hub; see --hub-model-id. Checked before the training begins.")
    boolean isRequested;

    @Option(
            names = {"--hub-model-id", "--hub_model_id"},
            paramLabel = "ID",
            description = "Where to, organisation/name; default: your own name and that of the folder.")
    @Nullable
    String modelId;

    @Option(
            names = {"--hub-private-repo", "--hub_private_repo"},
            description = "Only its owners may see the repository, if it is made now.")
    boolean isPrivate;

    @Option(
            names = {"--hub-token", "--hub_token"},
            paramLabel = "TOKEN",
            description =
                    "In place of that of 'diffuse hub login' or HF_TOKEN, which other users of the machine cannot see.")
    @Nullable
    String token;

    /**
     * Where the model will go; asks the Hub who is there, and changes nothing.
     *
     * @param folder of the run
     * @return {@code null} where nothing is to be published
     * @throws Problem (a wrong request) where a flag makes no sense, (a failure) where nobody is logged in or the Hub cannot be asked
     */
    @Nullable
    Target target(Path folder) {
        if (!isRequested) {
            if (modelId != null || isPrivate || token != null) {
                throw Problem.request("--hub-model-id, --hub-private-repo and --hub-token go with --push-to-hub");
            }
            return null;
        }
        HubSettings settings = HubSettings.fromEnvironment();
        if (token != null) {
            settings = settings.withToken(HubToken.of(token, "--hub-token"));
        }
        String owner = owner(settings);
        String id = modelId == null ? nameOf(folder) : modelId;
        return new Target(HubCommand.repo(id.contains("/") ? id : owner + "/" + id, false), settings, isPrivate);
    }

    private static String nameOf(Path folder) {
        return String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    }

    private static String owner(HubSettings settings) {
        return new HubClient(settings)
                .whoAmI()
                .orElseThrow(() ->
                        Problem.failure("to publish, the Hub must know you: log in first, diffuse hub login, or omit"
                                + " --push-to-hub"));
    }

    /** A repository of somebody who is known to the Hub. */
    record Target(HubRepo repo, HubSettings settings, boolean isPrivate) {
        /** Makes it now where there is none, so that a token without rights is known before the training and not after it. */
        void create() {
            new HubPublisher(settings).create(repo, isPrivate);
        }

        /** The options that name it again, but for a token, which is nobody's to read. */
        List<String> flags() {
            List<String> flags = new ArrayList<>(List.of("--push-to-hub", "--hub-model-id", repo.id()));
            if (isPrivate) {
                flags.add("--hub-private-repo");
            }
            return flags;
        }

        /** Publishes what a run made. */
        void send(Path folder, PrintWriter out) {
            try (HubLine line = new HubLine()) {
                Publication publication = Publication.of(folder, repo, settings, line, false, null, null);
                if (publication.plan().changed().isEmpty()) {
                    out.println(repo + " has all of it already");
                    return;
                }
                HubPush.print(publication.send("Train with diffusion4j", isPrivate, false), out, "published: ");
            } catch (Problem e) {
                throw Problem.failure(
                        "the training is done, but it could not be published: " + Worded.marked(e)
                                + "; later: diffuse hub push " + folder + " " + repo,
                        e);
            }
        }
    }
}
