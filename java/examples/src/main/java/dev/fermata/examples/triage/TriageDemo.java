// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.FermataException;
import dev.fermata.Strategy;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command of the demo; see its {@code --help}. */
@Command(
    name = "triage",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = {
      "Triage of reviews: embed each, judge it, draft a reply to a negative one. By a job on a Flink"
          + " cluster inside this process, and on one thread without Flink.",
      "Models are asked at OPENAI_BASE_URL (with OPENAI_API_KEY, OPENAI_MODEL and"
          + " OPENAI_EMBEDDING_MODEL) if that is set, else at a model server that the demo starts."
    })
public final class TriageDemo implements Callable<Integer> {
  private static final String SAMPLE = "sample-reviews.tsv";
  private static final int BAD_LINES_SHOWN = 5;
  private static final int FAILED = 1;
  private static final int BAD_INPUT = 2;

  /** An inline run waits for one call after another: this many take about half a minute. */
  private static final int INLINE_LIMIT = 60;

  /** Somebody else's endpoint may cost money and refuse large bursts. */
  private static final int FOREIGN_LIMIT = 100;

  private static final int FIRST_JAVA_OF_SERVER = 17;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description =
          "Reviews, tab-separated (id, rating from -4 to 4, text) or JSON lines; without it a"
              + " small sample")
  private Path input;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      split = ",",
      description = "What runs the triage, one after another; without it all there are")
  private List<String> names;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description =
          "Take only the first N reviews; without it all, or 60 inline, or 100 at OPENAI_BASE_URL")
  private Integer limit;

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      defaultValue = "128",
      description = "Reviews under way at once")
  private int inFlight;

  @Option(
      names = "--delay",
      paramLabel = "MS",
      defaultValue = "300",
      description = "Mean time that the demo's model server takes to answer, in milliseconds")
  private long delayMillis;

  @Option(
      names = "--journal",
      paramLabel = "FOLDER",
      description =
          "Keep the answers of models in a journal there, so that a run after one that was killed"
              + " asks for none of them again; by the engine loop, which alone then runs")
  private Path journal;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      defaultValue = "target/demo",
      description = "Where the page and the log of the model server go")
  private Path folder;

  @Option(
      names = "--server-java",
      paramLabel = "HOME",
      description = "JDK 17 or newer to run the model server on; without it the demo's own")
  private Path serverJava;

  @Option(names = "--bar", description = "Show progress as a moving bar, for terminals")
  private boolean bar;

  private final PrintStream out = System.out;
  private final Map<String, EngineFactory> engines;

  /**
   * @param engines that can be named, in the order in which they run
   */
  private TriageDemo(Map<String, EngineFactory> engines) {
    this.engines = engines;
  }

  /**
   * Runs the demo and ends the process: with 0; with 1 if no model answered; with 2 if the input or
   * the options are of no use.
   *
   * @param arguments the options
   */
  public static void main(String[] arguments) {
    Map<String, EngineFactory> engines = new LinkedHashMap<>();
    engines.put("flink", EngineFactory.withoutJournal(OperatorEngine::new));
    engines.put("loop", LoopEngine::new);
    System.exit(run(engines, arguments));
  }

  /** Runs the demo with these engines to choose from, and returns its exit status. */
  static int run(Map<String, EngineFactory> engines, String... arguments) {
    return new CommandLine(new TriageDemo(engines)).execute(arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (inFlight < 1 || delayMillis < 0 || (limit != null && limit < 1)) {
      return fail(BAD_INPUT, "--in-flight and --limit must be at least 1, --delay at least 0");
    }
    try {
      ReviewInput reviews = read();
      tellBadLines(reviews);
      Optional<Endpoint> foreign = Endpoint.of(System.getenv());
      Files.createDirectories(folder);
      if (foreign.isPresent()) {
        String models = foreign.get().embeddingModel() + " and " + foreign.get().chatModel();
        return triage(reviews, foreign.get(), FOREIGN_LIMIT, models);
      }
      try (ModelServerProcess server =
          ModelServerProcess.start(
              serverJava(), Duration.ofMillis(delayMillis), folder.resolve("model-server.log"))) {
        String models =
            String.format(
                Locale.ROOT,
                "process %d, %d ms a call: MiniLM embeds; replies are a stand-in's, not a model's",
                server.pid(),
                delayMillis);
        return triage(reviews, Endpoint.local(server.port()), Integer.MAX_VALUE, models);
      }
    } catch (InputException e) {
      return fail(BAD_INPUT, e.getMessage());
    } catch (ModelException | FermataException e) {
      return fail(FAILED, e.getMessage());
    } catch (ExecutionException e) {
      Throwable cause = rootCause(e);
      return cause instanceof InputException
          ? fail(BAD_INPUT, cause.getMessage())
          : fail(FAILED, cause.toString());
    }
  }

  private ReviewInput read() throws InputException, IOException {
    if (input != null) {
      return ReviewInput.of(input);
    }
    try (InputStream sample = TriageDemo.class.getResourceAsStream(SAMPLE)) {
      return ReviewInput.of(SAMPLE, sample);
    }
  }

  private void tellBadLines(ReviewInput reviews) {
    int bad = reviews.badLines().size();
    reviews.badLines().stream().limit(BAD_LINES_SHOWN).forEach(System.err::println);
    if (bad > 0) {
      System.err.printf(
          Locale.ROOT,
          "%s%d bad lines skipped, %,d reviews read%n",
          bad > BAD_LINES_SHOWN ? "… " : "",
          bad,
          reviews.reviews().size());
    }
  }

  private Path serverJava() throws InputException {
    if (serverJava == null && Runtime.version().feature() < FIRST_JAVA_OF_SERVER) {
      throw new InputException(
          "the model server needs Java 17 or newer, this is "
              + Runtime.version()
              + ": name one by --server-java, or set OPENAI_BASE_URL");
    }
    Path home = serverJava == null ? Path.of(System.getProperty("java.home")) : serverJava;
    return home.resolve("bin").resolve("java");
  }

  private int triage(ReviewInput input, Endpoint endpoint, int endpointLimit, String models)
      throws InputException, IOException, ExecutionException, InterruptedException {
    CallLog alone = new CallLog(0);
    NearestPrototype judge;
    try (ModelClient model = new ModelClient(endpoint)) {
      judge = Triage.prepare(model, alone);
    }
    Map<Engine, Strategy> chosen = new LinkedHashMap<>();
    StringJoiner file = new StringJoiner("-", "triage-", ".html");
    for (String name : names()) {
      Engine engine = factory(name).create(endpoint, judge, inFlight, Optional.ofNullable(journal));
      chosen.put(engine, engine.strategy());
      file.add(name).add(name(engine.strategy()));
    }
    int usualLimit = chosen.containsValue(Strategy.INLINE) ? INLINE_LIMIT : endpointLimit;
    List<Review> reviews = first(input.reviews(), limit == null ? usualLimit : limit);

    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("input", input.source() + taken(reviews.size(), input.reviews().size()));
    conditions.put("models", endpoint.url("") + ", " + models);
    conditions.put("at once", String.format(Locale.ROOT, "%,d reviews at most", inFlight));
    if (chosen.size() > 1) {
      conditions.put("engines", "one after another; the first also warms up the processes");
    }
    conditions.put("Java", System.getProperty("java.vm.name") + " " + Runtime.version());
    tell(conditions);

    TriagePage page = new TriagePage(conditions, input.badLines());
    for (Map.Entry<Engine, Strategy> engine : chosen.entrySet()) {
      Figures figures = run(engine.getKey(), engine.getValue(), reviews, alone.calls(), page);
      tellRest(figures, input.reviews().size());
    }
    page.comparison().ifPresent(comparison -> out.printf("%n  %s%n", comparison));
    Path path = folder.resolve(file.toString()).toAbsolutePath();
    Files.writeString(path, page.html(), StandardCharsets.UTF_8);
    out.printf("%n  page: %s%n", path.toUri());
    return 0;
  }

  private Figures run(
      Engine engine,
      Strategy strategy,
      List<Review> reviews,
      List<ModelCall> callsAlone,
      TriagePage page)
      throws ExecutionException, InterruptedException {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("engine", engine.description());
    conditions.put("strategy", name(strategy) + ": " + engine.reason());
    tell(conditions);
    out.println();
    TriageRun run;
    try (Progress progress = Progress.of(reviews.size(), bar, out)) {
      run = engine.run(reviews, progress::step);
    }
    Figures figures = new Figures(run, callsAlone);
    if (figures.failed == figures.reviews) {
      String failure = run.results.get(0).failure().get();
      throw new ModelException("every review failed; the first: " + failure);
    }
    out.printf("%n%s%n", new Report(figures).table());
    tellFailures(run.results);
    page.add(engine.title(), engine.owners(), conditions, run, figures);
    return figures;
  }

  private void tellRest(Figures figures, int all) {
    if (figures.reviews < all) {
      out.printf(
          Locale.ROOT,
          "%n  all %,d reviews would take about %s this way; LIMIT sets how many are taken%n",
          all,
          Durations.text(figures.wallTime / figures.reviews * all));
    }
  }

  private Collection<String> names() {
    if (names != null) {
      return names;
    }
    return journal == null ? engines.keySet() : List.of("loop");
  }

  private EngineFactory factory(String name) throws InputException {
    if (!engines.containsKey(name)) {
      throw new InputException(
          "no engine is called \"" + name + "\"; there are " + String.join(", ", engines.keySet()));
    }
    return engines.get(name);
  }

  private void tell(Map<String, String> conditions) {
    out.println();
    conditions.forEach((name, value) -> out.printf("  %-9s %s%n", name, value));
  }

  private static void tellFailures(List<TriagedReview> results) {
    results.stream()
        .filter(result -> result.failure().isPresent())
        .limit(BAD_LINES_SHOWN)
        .forEach(r -> System.err.println("review " + r.review().id() + ": " + r.failure().get()));
  }

  private static String name(Strategy strategy) {
    return strategy.name().toLowerCase(Locale.ROOT);
  }

  private static List<Review> first(List<Review> reviews, int most) {
    return reviews.subList(0, Math.min(most, reviews.size()));
  }

  private static String taken(int taken, int all) {
    return taken == all
        ? String.format(Locale.ROOT, ", %,d reviews", all)
        : String.format(Locale.ROOT, ", the first %,d of %,d reviews", taken, all);
  }

  private static Throwable rootCause(Throwable failure) {
    return failure.getCause() == null ? failure : rootCause(failure.getCause());
  }

  private static int fail(int code, String message) {
    System.err.println("demo: " + message);
    return code;
  }
}
