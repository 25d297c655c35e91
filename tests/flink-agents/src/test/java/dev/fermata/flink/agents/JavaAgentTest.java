// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiFunction;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.agents.api.resource.Resource;
import org.apache.flink.agents.api.resource.ResourceDescriptor;
import org.apache.flink.agents.api.resource.ResourceType;
import org.apache.flink.agents.runtime.async.ContinuationActionExecutor;
import org.apache.flink.agents.runtime.async.ContinuationContext;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;

/** The drop-in as {@code -javaagent} too; see java/flink-agents/README.md. */
class JavaAgentTest {
  private static final String OPERATOR =
      "org/apache/flink/agents/runtime/operator/ActionExecutionOperator";

  private static String with;
  private static String without;

  @BeforeAll
  static void runTheJobsWithAndWithoutIt() throws Exception {
    with = new AgentProcess().withJavaAgent().run(Jobs.class, 0);
    without = new AgentProcess().run(Jobs.class, 0);
  }

  @Test
  void waitingActionsUnwindBeforeTheirResourcesClose() {
    assertThat(with).contains("resource open: true").doesNotContain(" WARN ");
  }

  @Test
  void withoutItResourcesCloseFirst() {
    assertThat(without).contains("resource open: false");
  }

  @Test
  void eventsWithoutEqualsLeaveNothingInTheOperator() {
    assertThat(with).contains("entries: 0", "calls: 5");
  }

  @Test
  void withoutItEventsWithoutEqualsLeaveEntriesInTheOperator() {
    assertThat(without).containsPattern("entries: [1-9]").contains("calls: 5");
  }

  @Test
  void theFieldByWhichMailsAreHeldIsNotFinal() {
    assertThat(with).contains("mailboxExecutor: private transient ");
    assertThat(without).contains("mailboxExecutor: private final transient ");
  }

  @Test
  void whatTheDropInCuresItCuresWithTheJavaAgent() throws Exception {
    String output = new AgentProcess().withJavaAgent().run(CuredJobs.class, 0);

    assertThat(output).contains("its -javaagent is active").contains("11 passed");
  }

  @Test
  void anOperatorThatIsNotKnownIsLeftAlone(@TempDir Path folder) throws Exception {
    ClassWriter other = new ClassWriter(0);
    other.visit(Opcodes.V11, Opcodes.ACC_PUBLIC, OPERATOR, null, "java/lang/Object", null);

    String output =
        new AgentProcess()
            .withClass(folder, OPERATOR, other.toByteArray())
            .withJavaAgent()
            .run(UnknownJob.class, 0);

    assertThat(output)
        .contains("loaded ActionExecutionOperator, the action has ended")
        .containsOnlyOnce("does not know this Flink Agents")
        .contains("0 of the 5 places to edit were found");
  }

  @Test
  void aJvmWithoutFlinkRunsAsEver() throws Exception {
    String output =
        new AgentProcess().withOnly("test-classes").withJavaAgent().run(NoFlink.class, 0);

    assertThat(output.trim()).isEqualTo("no Flink, no trouble");
  }

  @Test
  void theCommandSaysThatItIsActiveAndKnowsTheOperator() throws Exception {
    assertThat(new AgentProcess().withJavaAgent().run(DropIn.class, 0))
        .contains("The -javaagent is active in this JVM.")
        .doesNotContain("does not know");
    assertThat(DropIn.describe()).contains("The -javaagent is not active", "with -javaagent:/");
  }

  /** The jobs whose end differs with the agent. */
  public static final class Jobs {
    private Jobs() {}

    /**
     * Runs one after the other.
     *
     * @param arguments none
     * @throws Exception if one fails
     */
    public static void main(String[] arguments) throws Exception {
      ClosingJob.run();
      UnequalJob.run();
      System.exit(0);
    }
  }

  /** Is cancelled while its action, which uses a resource, waits. */
  public static final class ClosingJob extends Agent {
    private static final CountDownLatch BEGUN = new CountDownLatch(1);
    private static final CountDownLatch ENDED = new CountDownLatch(1);
    private static volatile boolean open;

    /**
     * Asks a resource whether it is open when its call is aborted.
     *
     * @param event the input
     * @param context of the action
     * @throws Exception the abort
     */
    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      Door door = (Door) context.getResource("door", ResourceType.CHAT_MODEL_CONNECTION);
      try {
        Calls.call(context, ClosingJob::waitForever);
      } finally {
        open = door.open;
        ENDED.countDown();
      }
    }

    private static String waitForever() throws InterruptedException {
      BEGUN.countDown();
      new CountDownLatch(1).await();
      return "";
    }

    static void run() throws Exception {
      Agent agent = new ClosingJob();
      agent.addResource(
          "door",
          ResourceType.CHAT_MODEL_CONNECTION,
          ResourceDescriptor.Builder.newBuilder(Door.class.getName()).build());
      JobClient job = new AgentJob(agent, 1).on("hashmap").start();
      AgentJob.await(BEGUN);
      job.cancel().get();
      AgentJob.await(ENDED);
      System.out.println("resource open: " + open);
    }
  }

  /** Is open until it is closed. */
  public static final class Door extends Resource {
    private volatile boolean open = true;

    /**
     * As upstream calls it.
     *
     * @param descriptor of this resource
     * @param others finds other resources
     */
    public Door(ResourceDescriptor descriptor, BiFunction<String, ResourceType, Resource> others) {
      super(descriptor, others);
    }

    @Override
    public ResourceType getResourceType() {
      return ResourceType.CHAT_MODEL_CONNECTION;
    }

    @Override
    public void close() {
      open = false;
    }
  }

  /** Makes calls for events that are equal to no copy of them, and looks into the operator. */
  public static final class UnequalJob extends AgentDefectsTest.UnequalEventAgent {
    private static final int EVENTS = 5;
    private static volatile RunnerContext seen;

    /**
     * Keeps the context, which leads to the operator.
     *
     * @param event the input
     * @param context of the action
     */
    @Action(listenEvents = {InputEvent.class})
    public static void begin(Event event, RunnerContext context) {
      seen = context;
      AgentDefectsTest.UnequalEventAgent.begin(event, context);
    }

    /**
     * Makes the call.
     *
     * @param event the one that is unequal
     * @param context of the action
     * @throws Exception if the call fails
     */
    @Action(listenEvents = {AgentDefectsTest.Asked.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      AgentDefectsTest.UnequalEventAgent.ask(event, context);
    }

    static void run() throws Exception {
      Calls.reset(EVENTS);
      answer = new CountDownLatch(1);
      JobClient job = new AgentJob(new UnequalJob(), EVENTS).on("rocksdb").start();
      Calls.awaitBegun();
      answer.countDown();
      AgentJob.takeOutputs(EVENTS);
      Object checker = value(seen, "mailboxThreadChecker");
      Object operator = value(checker, checker.getClass().getDeclaredFields()[0].getName());
      int entries = 0;
      for (String map : List.of("actionTaskMemoryContexts", "continuationContexts")) {
        entries += ((Map<?, ?>) value(operator, map)).size();
      }
      System.out.println("entries: " + entries);
      System.out.println("calls: " + Calls.begun());
      System.out.println("mailboxExecutor: " + field(operator, "mailboxExecutor"));
      job.cancel().get();
    }

    private static Object value(Object object, String name) throws ReflectiveOperationException {
      Field field = field(object, name);
      field.setAccessible(true);
      return field.get(object);
    }

    private static Field field(Object object, String name) throws NoSuchFieldException {
      for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
        for (Field field : type.getDeclaredFields()) {
          if (field.getName().equals(name)) {
            return field;
          }
        }
      }
      throw new NoSuchFieldException(name);
    }
  }

  /** Runs an action beside an operator of a shape that is not known. */
  public static final class UnknownJob {
    private UnknownJob() {}

    /**
     * Runs the action.
     *
     * @param arguments none
     * @throws ClassNotFoundException if there is no operator
     */
    public static void main(String[] arguments) throws ClassNotFoundException {
      Class<?> operator = Class.forName(OPERATOR.replace('/', '.'));
      ContinuationActionExecutor executor = new ContinuationActionExecutor(1);
      boolean ended = executor.executeAction(new ContinuationContext(), () -> {});
      executor.close();
      System.out.println(
          "loaded " + operator.getSimpleName() + ", the action " + (ended ? "has ended" : "waits"));
    }
  }

  /** Has nothing to do with Flink. */
  public static final class NoFlink {
    private NoFlink() {}

    /**
     * Prints a line.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
      System.out.println("no Flink, no trouble");
    }
  }

  /** Runs the tests of what the agent's edits can change, in its JVM. */
  public static final class CuredJobs {
    private static final String BACKEND = String.class.getName();

    private CuredJobs() {}

    /**
     * Ends with status 1 if one fails.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
      LauncherDiscoveryRequest jobs =
          LauncherDiscoveryRequestBuilder.request()
              .selectors(
                  selectClass(AgentDefectsTest.class),
                  selectMethod(AgentOverlapTest.class, "theOperatorIsToldInsteadOfAsking"),
                  selectMethod(AgentOverlapTest.class, "actionsOfOneEventOverlap", BACKEND),
                  selectMethod(AgentOverlapTest.class, "hundredsOfCallsAreUnderWayAtOnce"),
                  selectMethod(
                      AgentFailureTest.class,
                      "actionsThatWereSuspendedInACheckpointRunAgainAfterAFailure",
                      BACKEND),
                  selectMethod(
                      AgentFailureTest.class, "cancellingAJobAbortsAllItsActionsAndEndsAllThreads"))
              .build();
      SummaryGeneratingListener listener = new SummaryGeneratingListener();
      LauncherFactory.create().execute(jobs, listener);
      TestExecutionSummary summary = listener.getSummary();
      summary.printFailuresTo(new PrintWriter(System.out, true));
      System.out.println(summary.getTestsSucceededCount() + " passed");
      System.exit(summary.getTotalFailureCount() == 0 ? 0 : 1);
    }
  }
}
