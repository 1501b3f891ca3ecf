// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.EnvironmentProxies;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.util.Locale;

/** What went wrong with the Hub, in one line that says what to do. */
final class HubErrors {
    private final HubSettings settings;

    HubErrors(HubSettings settings) {
        this.settings = settings;
    }

    /** An answer that is no success. */
    Problem of(HubRepo repo, String what, HubHttp.Answer answer) {
        String kind = kind(repo);
        boolean isKnown = settings.token() != null;
        String code = answer.header("X-Error-Code");
        if (code.equals("GatedRepo")) {
            return Problem.failure("the " + kind + " " + repo.id() + " is gated: accept its conditions at "
                    + settings.endpoint() + "/" + repo.type().urlPrefix() + repo.id()
                    + (isKnown ? ", with the account of your token" : ", then log in: diffuse hub login"));
        }
        if (isNoRevision(answer)) {
            return noRevision(repo);
        }
        if (code.equals("EntryNotFound")) {
            return Problem.failure("the " + kind + " " + repo + " has no file " + what);
        }
        return switch (answer.status()) {
            case 401 ->
                Problem.failure(
                        isKnown
                                ? "the Hub does not know the token, or not the " + kind + " " + repo.id()
                                        + ": check the name, or log in anew: diffuse hub login"
                                : "there is no " + kind + " " + repo.id() + " on "
                                        + settings.endpoint().getHost()
                                        + ", or it is private: check the name, or log in: diffuse hub login");
            case 403 ->
                Problem.failure("the token may not do this with " + repo.id() + " (" + what
                        + "): make one with that right in the Hub's settings, Access Tokens");
            case 404 ->
                Problem.failure("there is no " + kind + " " + repo.id() + " on "
                        + settings.endpoint().getHost()
                        + (isKnown ? ", or your token may not see it" : ", or it is private: diffuse hub login"));
            case 407 ->
                Problem.failure("cannot get " + what + " of " + repo + through()
                        + ", which asks for a name and a password: set a proxy that does not, or NO_PROXY");
            case 429 -> Problem.failure("the Hub has had too many questions of you: try again in some minutes");
            default ->
                Problem.failure("the Hub answered " + answer.status() + " to " + what + " of " + repo
                        + (answer.status() >= 500 ? ": try again later" : ""));
        };
    }

    /** Whether the repository is there, but not the revision that was asked for. */
    static boolean isNoRevision(HubHttp.Answer answer) {
        return answer.header("X-Error-Code").equals("RevisionNotFound");
    }

    /** That it is not there. */
    Problem noRevision(HubRepo repo) {
        return Problem.failure("the " + kind(repo) + " " + repo.id() + " has no revision '" + repo.revision()
                + "': it is a branch, a tag or a commit");
    }

    private static String kind(HubRepo repo) {
        return repo.type() == HubRepo.Type.MODEL ? "model" : "data set";
    }

    /** No answer, or half of one. */
    Problem of(HubRepo repo, String what, IOException problem) {
        if (problem instanceof FileSystemException) {
            return Problem.failure(
                    "cannot store " + what + " of " + repo + " in " + settings.cache() + ": "
                            + AtomicFile.reason(problem) + "; HF_HUB_CACHE names another folder",
                    problem);
        }
        String failed = "cannot get " + what + " of " + repo + " from "
                + settings.endpoint().getHost() + through() + " (" + reason(problem) + ")";
        if (problem instanceof HubHttp.BadAnswer) {
            return Problem.failure(failed + ": is this a Hub? see HF_ENDPOINT", problem);
        }
        return Problem.failure(
                failed + ": check the network, or "
                        + settings.endpoint().getScheme().toUpperCase(Locale.ROOT)
                        + "_PROXY; what is in the cache is used with HF_HUB_OFFLINE=1",
                problem);
    }

    /** The proxy, where there is one: a trouble may be its own. */
    private String through() {
        Proxy proxy = new EnvironmentProxies(settings.environment())
                .select(settings.endpoint())
                .get(0);
        return proxy.address() instanceof InetSocketAddress address
                ? " through the proxy " + address.getHostString() + ":" + address.getPort()
                : "";
    }

    /** In a few words. */
    String reason(IOException problem) {
        return problem instanceof SocketTimeoutException
                ? "no answer within " + settings.patience().toSeconds() + " s"
                : problem instanceof ConnectException || problem instanceof UnknownHostException
                        ? "no connection"
                        : String.valueOf(problem.getMessage());
    }

    /** Nothing may be asked, and the cache does not have it. */
    Problem offline(HubRepo repo, String what) {
        return Problem.failure("HF_HUB_OFFLINE is set, and " + what + " of " + repo + " is not in " + settings.cache()
                + ": fetch it once without HF_HUB_OFFLINE");
    }
}
