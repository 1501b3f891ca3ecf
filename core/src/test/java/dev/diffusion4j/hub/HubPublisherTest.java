// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is published is there, whole, in one commit; what cannot be published changes nothing. */
final class HubPublisherTest {
    private static final HubRepo REPO = HubRepo.model("ada/mine");

    @TempDir
    Path folder;

    private final Map<String, Path> files = new TreeMap<>();
    private HubServer server;

    @BeforeEach
    void prepare() throws IOException {
        server = new HubServer();
        file("README.md", 300); // in the commit itself
        file("unet/config.json", 900);
        file("samples/grid.png", 50_000); // in the storage, in one piece
        file("unet/diffusion_pytorch_model.safetensors", 123_456); // in four parts
        file("empty.txt", 0);
    }

    private void file(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        files.put(name, Files.write(file, bytes));
    }

    @AfterEach
    void end() {
        server.close();
    }

    private HubSettings settings(String token, String... more) {
        Map<String, String> environment = new HashMap<>(Map.of("HF_ENDPOINT", server.endpoint(), "HF_TOKEN", token));
        environment.put("HF_HOME", folder.resolve("home").toString());
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return HubSettings.of(environment, folder);
    }

    private HubPublisher publisher() {
        return new HubPublisher(settings("hf_right"), HubProgress.SILENT, Duration.ofMillis(5));
    }

    @Test
    void a_folder_is_published_and_only_what_changed_is_sent_again() throws IOException {
        HubPublisher publisher = publisher();
        assertThat(publisher.plan(REPO, files).changes().values()).containsOnly(HubPublisher.Change.NEW);
        publisher.create(REPO, true);
        publisher.create(REPO, true); // it is there: fine
        HubPublisher.Published first =
                publisher.publish(REPO, publisher.plan(REPO, files), "First\n\nWith words.", false);
        assertThat(first.url()).endsWith("/ada/mine/commit/" + first.commit());
        for (Map.Entry<String, Path> entry : files.entrySet()) {
            assertThat(server.files(REPO).get(entry.getKey())).isEqualTo(Files.readAllBytes(entry.getValue()));
        }
        assertThat(server.files(REPO)).containsKey(".gitattributes"); // what was there stays
        assertThat(server.requests())
                .filteredOn(request -> request.host().equals("storage"))
                .hasSize(5)
                .allMatch(request -> request.token().equals("null"));

        assertThatThrownBy(() -> publisher.publish(REPO, publisher.plan(REPO, files), "Again", false))
                .hasMessage("ada/mine has all of this already: there is nothing to commit");
        file("README.md", 301);
        HubPublisher.Plan plan = publisher.plan(REPO, files);
        assertThat(plan.changed()).containsExactly("README.md");
        server.forgetRequests();
        assertThat(publisher.publish(REPO, plan, "A word", true).url()).endsWith("/discussions/1");
        assertThat(server.requests()).noneMatch(request -> request.host().equals("storage"));
        assertThat(server.files(REPO).get("README.md")).hasSize(300); // a proposal changes nothing
        Path pulled = new HubClient(settings("hf_right")).file(REPO.at("refs/pr/1"), "README.md");
        assertThat(pulled).hasSameBinaryContentAs(files.get("README.md"));
    }

    @Test
    void what_somebody_else_did_meanwhile_is_not_undone() throws IOException {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        HubPublisher.Plan plan = publisher.plan(REPO, files);
        server.commit(REPO, Map.of("theirs.txt", new byte[] {1}));
        assertThatThrownBy(() -> publisher.publish(REPO, plan, "Mine", false))
                .isInstanceOf(Problem.class)
                .hasMessage("somebody else committed to ada/mine meanwhile: look at it, and push again");
        assertThat(server.files(REPO)).containsOnlyKeys("theirs.txt");
    }

    @Test
    void a_branch_that_is_not_there_is_made_of_the_main_one() throws IOException {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        publisher.publish(REPO, publisher.plan(REPO, files), "First", false);
        String main = server.head(REPO);
        HubRepo branch = REPO.at("try/other");
        file("README.md", 301);
        HubPublisher.Plan plan = publisher.plan(branch, files);
        assertThat(plan.isNewBranch()).isTrue();
        assertThat(plan.parent()).isEqualTo(main);
        assertThat(plan.changed()).containsExactly("README.md");
        assertThat(server.files(branch)).isEmpty(); // a plan changes nothing
        publisher.publish(branch, plan, "Other", false);
        assertThat(server.files(branch).get("README.md")).hasSize(301);
        assertThat(server.files(branch)).containsKey("unet/config.json");
        assertThat(server.head(REPO)).isEqualTo(main);
        assertThat(publisher.plan(branch, files).isNewBranch()).isFalse();
        assertThatThrownBy(() -> publisher.plan(REPO.at("refs/pr/7"), files))
                .hasMessageStartingWith("the model ada/mine has no revision 'refs/pr/7'");
    }

    @Test
    void a_branch_that_somebody_else_began_meanwhile_is_theirs() throws IOException {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        HubRepo branch = REPO.at("other");
        HubPublisher.Plan plan = publisher.plan(branch, files);
        server.commit(branch, Map.of("theirs.txt", new byte[] {1}));
        assertThatThrownBy(() -> publisher.publish(branch, plan, "Mine", false))
                .hasMessage("somebody else committed to ada/mine@other meanwhile: look at it, and push again");
        assertThat(server.files(branch)).containsOnlyKeys("theirs.txt");
    }

    @Test
    void who_may_not_is_told() {
        assertThatThrownBy(() -> publisher().create(HubRepo.model("others/mine"), false))
                .hasMessageContaining("the token may not do this with others/mine");
        assertThatThrownBy(() -> new HubPublisher(settings("")).create(REPO, false))
                .hasMessage("to publish, the Hub must know you: log in first, diffuse hub login");
        assertThatThrownBy(() -> new HubPublisher(settings("hf_wrong")).create(REPO, false))
                .hasMessageContaining("does not know the token");
    }

    @Test
    void a_token_for_one_repository_may_write_into_it() {
        publisher().create(REPO, false);
        server.trouble("/api/repos/create", (exchange, content) -> {
            HubServer.error(exchange, 403, "", "You don't have the rights to create a model under this namespace");
            return true;
        });
        HubPublisher publisher = publisher();
        publisher.create(REPO, false); // may not make any, but it is there
        publisher.publish(REPO, publisher.plan(REPO, files), "Mine", false);
        assertThat(server.files(REPO)).containsKey("README.md");
        assertThatThrownBy(() -> publisher.create(HubRepo.model("ada/new"), false))
                .hasMessageContaining("the token may not do this with ada/new (the making of the repository)");
        server.trouble("/preupload/main", (exchange, content) -> {
            HubServer.error(exchange, 403, "", "Forbidden: pass `create_pr=1` as a query parameter");
            return true;
        });
        assertThatThrownBy(() -> publisher.create(REPO, false)) // it may read it only
                .hasMessageContaining("the token may not do this with ada/mine (the right to write)");
    }

    @Test
    void a_name_that_not_every_system_can_have_is_told() throws IOException {
        for (String letter : List.of(":", "\\")) {
            files.put("samples/12" + letter + "30.png", files.get("README.md"));
            assertThatThrownBy(() -> publisher().plan(REPO, files))
                    .isInstanceOf(Problem.class)
                    .hasMessage("cannot publish 'samples/12" + letter + "30.png' in ada/mine: the name holds '" + letter
                            + "', rename it");
            files.remove("samples/12" + letter + "30.png");
        }
    }

    @Test
    void a_storage_that_fails_leaves_the_repository_as_it_was() throws IOException {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        server.trouble("/lfs/verify", (exchange, content) -> {
            HubServer.error(exchange, 404, "", "wrong");
            return true;
        });
        assertThatThrownBy(() -> publisher.publish(REPO, publisher.plan(REPO, files), "Mine", false))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("nothing was committed");
        assertThat(server.files(REPO)).containsOnlyKeys(".gitattributes");
    }

    @Test
    void what_a_gitignore_names_is_not_sent() throws IOException {
        Path gitIgnore = Files.writeString(folder.resolve(".gitignore"), "secret.txt\nsecret.bin\n");
        file("secret.txt", 40);
        file("secret.bin", 4000); // for the storage
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        HubPublisher.Published done =
                publisher.publish(REPO, publisher.plan(REPO, files, gitIgnore), "All but the secrets", false);
        assertThat(done.ignored()).containsExactly("secret.bin", "secret.txt");
        assertThat(server.files(REPO))
                .containsKeys("README.md", "empty.txt")
                .doesNotContainKeys("secret.txt", "secret.bin");
        assertThat(asked(HubServer.sha256(Files.readAllBytes(folder.resolve("secret.bin")))))
                .isZero();
        assertThatThrownBy(() -> publisher.publish(REPO, publisher.plan(REPO, files, gitIgnore), "Again", false))
                .hasMessage("there is nothing to commit to ada/mine: a .gitignore names all of secret.bin, secret.txt");
    }

    @ParameterizedTest
    @CsvSource({
        "file:///nowhere, is no address of http or https",
        "/relative, is no whole address",
        "http://a b, is no address",
        "mailto:ada@example.org, is no whole address"
    })
    void a_place_in_the_storage_that_is_no_address_of_the_web_is_named(String href, String why) {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        HubPublisher.Plan plan = publisher.plan(REPO, files);
        server.trouble("/objects/batch", (exchange, content) -> {
            Map<String, Object> question = Json.parseObject(
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8), "question");
            List<Object> objects = new ArrayList<>();
            for (Object object : (List<?>) question.get("objects")) {
                Map<String, Object> answer = new TreeMap<>(Json.object(object));
                answer.put("actions", Map.of("upload", Map.of("href", href)));
                objects.add(answer);
            }
            HubServer.json(exchange, Map.of("objects", objects));
            return true;
        });
        assertThatThrownBy(() -> publisher.publish(REPO, plan, "Mine", false))
                .isInstanceOfSatisfying(
                        Problem.class, error -> assertThat(error.kind()).isEqualTo(Problem.Kind.FAILURE))
                .hasMessageContaining("a place in the storage that leads to '" + href + "', which " + why);
        assertThat(server.files(REPO)).containsOnlyKeys(".gitattributes");
    }

    /** Patient for a second with a commit. */
    private HubPublisher hasty() {
        Duration second = Duration.ofSeconds(1);
        return new HubPublisher(
                settings("hf_right", "HF_HUB_DOWNLOAD_TIMEOUT", "1"),
                HubProgress.SILENT,
                Duration.ofMillis(100),
                second);
    }

    private long asked(String pathEnd) {
        return server.requests().stream()
                .filter(request -> request.path().endsWith(pathEnd))
                .count();
    }

    private static boolean sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    @Test
    void a_commit_whose_answer_is_lost_is_looked_for_and_not_sent_again() {
        publisher().create(REPO, false);
        HubPublisher hasty = hasty();
        HubPublisher.Plan plan = hasty.plan(REPO, files);
        server.trouble("/commit/main", (exchange, content) -> sleep(1200));
        HubPublisher.Published published = hasty.publish(REPO, plan, "Late", false);
        assertThat(published.commit()).isEqualTo(server.head(REPO));
        assertThat(published.url()).endsWith("/ada/mine/commit/" + published.commit());
        assertThat(asked("/commit/main")).isEqualTo(1);
        assertThat(server.files(REPO)).containsKeys("README.md", "unet/diffusion_pytorch_model.safetensors");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_commit_in_doubt_is_sent_once_and_said_to_be_in_doubt(boolean asPullRequest) throws IOException {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        HubPublisher.Plan plan = publisher.plan(REPO, files);
        server.trouble("/commit/main", (exchange, content) -> {
            HubServer.error(exchange, 504, "", "the gateway gave up");
            return true;
        });
        assertThatThrownBy(() -> publisher.publish(REPO, plan, "Mine", asPullRequest))
                .isInstanceOf(Problem.class)
                .hasMessage(
                        "no word came of the commit to ada/mine (status 504); the Hub may have committed it: look at "
                                + server.endpoint() + "/ada/mine/" + (asPullRequest ? "discussions" : "commits/main")
                                + ", then push again");
        assertThat(asked("/commit/main")).isEqualTo(1);
    }

    @Test
    void a_busy_hub_has_not_committed_and_is_asked_again() {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        AtomicInteger asked = new AtomicInteger();
        server.trouble("/commit/main", (exchange, content) -> {
            boolean isBusy = asked.getAndIncrement() < 2;
            if (isBusy) {
                HubServer.error(exchange, asked.get() == 1 ? 503 : 429, "", "later");
            }
            return isBusy;
        });
        publisher.publish(REPO, publisher.plan(REPO, files), "Mine", false);
        assertThat(asked("/commit/main")).isEqualTo(3);
        assertThat(server.files(REPO)).containsKey("README.md");
    }

    @Test
    void the_parts_of_a_file_are_joined_once() {
        HubPublisher publisher = publisher();
        publisher.create(REPO, false);
        server.trouble("/lfs/complete", (exchange, content) -> {
            HubServer.error(exchange, 504, "", "the gateway gave up");
            return true;
        });
        assertThatThrownBy(() -> publisher.publish(REPO, publisher.plan(REPO, files), "Mine", false))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("the storage answered 504")
                .hasMessageContaining("nothing was committed");
        assertThat(asked("/lfs/complete")).isEqualTo(1);
    }
}
