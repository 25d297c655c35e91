// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.OwnerKind;
import dev.fermata.flink.CallFailedException;
import dev.fermata.flink.ChangedCallsException;
import dev.fermata.flink.DurableFunction;
import dev.fermata.flink.DurableFunctionException;
import dev.fermata.flink.FermataOptions;
import dev.fermata.flink.OnChangedCalls;
import dev.fermata.flink.internal.InFlight.Emission;
import dev.fermata.flink.internal.InFlight.Kind;
import dev.fermata.flink.journal.JournalHome;
import dev.fermata.flink.mailbox.MailboxWaker;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.datastream.AsyncDataStream.OutputMode;
import org.apache.flink.streaming.api.operators.AbstractUdfStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.LatencyMarker;
import org.apache.flink.streaming.runtime.streamrecord.RecordAttributes;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.ExceptionUtils;

/**
 * The operator behind {@link dev.fermata.flink.Fermata#process}: Flink's side of it.
 *
 * <p>Owns the elements in flight. Each is in {@link KeyOrder} until its function has returned, and
 * in {@link OutputOrder} until its output has left. Everything happens on the mailbox thread;
 * completed calls come back to it as one mail per burst.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 * @param <OUT> type of the output
 */
final class DurableOperator<K, IN, OUT>
    extends AbstractUdfStreamOperator<OUT, DurableFunction<K, IN, OUT>>
    implements OneInputStreamOperator<IN, OUT>, Triggerable<K, VoidNamespace>, BoundedOneInput {
  private static final long serialVersionUID = 1L;
  private static final String TIMERS = "fermata-timers";
  private static final String JOURNAL_HOMES = "fermata-journal-homes";

  private final OperatorOptions<IN> options;
  private final transient MailboxExecutor mailbox;
  private final transient Set<InFlight<K, IN>> inFlight = new LinkedHashSet<>();
  private final transient KeyOrder<K, IN> keys;
  private final transient OutputOrder<K, IN> order;
  private transient TypeSerializer<IN> elementSerializer;
  private transient InFlightState<K, IN, OUT> state;
  private transient FunctionRunner<K, IN, OUT> runner;
  private transient EventLog events;
  private transient CallJournal<K, IN> journal;

  /** Where the journals are; null without one. */
  private transient JournalHome home;

  private transient ListState<String> homes;

  /** Timers in event time that the watermark now being processed made due. */
  private final transient List<InFlight<K, IN>> fired = new ArrayList<>();

  private transient long nextSequence;
  private transient boolean starting;
  private transient boolean restored;

  DurableOperator(
      StreamOperatorParameters<OUT> parameters,
      ProcessingTimeService processingTimeService,
      DurableFunction<K, IN, OUT> function,
      OperatorOptions<IN> options) {
    super(function);
    this.options = options;
    this.processingTimeService = processingTimeService;
    mailbox = parameters.getMailboxExecutor();
    keys = new KeyOrder<>(options.capacity);
    order = new OutputOrder<>(options.outputMode == OutputMode.ORDERED, this::leave);
    setup(parameters.getContainingTask(), parameters.getStreamConfig(), parameters.getOutput());
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    elementSerializer = getOperatorConfig().getTypeSerializerIn(0, getUserCodeClassloader());
    state =
        new InFlightState<>(
            context.getKeyedStateStore(),
            getKeyedStateBackend(),
            elementSerializer,
            getOperatorConfig().getTypeSerializerOut(getUserCodeClassloader()),
            getExecutionConfig().getSerializerConfig(),
            getUserCodeClassloader());
    restored = context.isRestored();
    journal = options.journalFolder == null ? CallJournal.none() : journal(context);
  }

  private CallJournal<K, IN> journal(StateInitializationContext context) throws Exception {
    home =
        JournalHome.of(
            Paths.get(options.journalFolder),
            getRuntimeContext().getJobInfo().getJobId(),
            getOperatorID(),
            getRuntimeContext().getTaskInfo());
    homes =
        context
            .getOperatorStateStore()
            .getUnionListState(new ListStateDescriptor<>(JOURNAL_HOMES, StringSerializer.INSTANCE));
    Set<String> previousHomes = new LinkedHashSet<>();
    homes.get().forEach(previousHomes::add);
    return new FolderCallJournal<>(
        home,
        List.copyOf(previousHomes),
        new ElementDigest<>(this.<K>getKeyedStateBackend().getKeySerializer(), elementSerializer),
        options,
        context.getRestoredCheckpointId().orElse(0));
  }

  @Override
  public void open() throws Exception {
    getRuntimeContext().setKeyedStateStore(RefusedState.STORE);
    super.open();
    String name =
        getOperatorName() + "-" + getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    events =
        EventLog.open(
            options.eventLog, name + "-" + getRuntimeContext().getTaskInfo().getAttemptNumber());
    InternalTimerService<VoidNamespace> timers =
        getInternalTimerService(TIMERS, VoidNamespaceSerializer.INSTANCE, this);
    ContinuationActionExecutor executor =
        ContinuationActionExecutor.builder()
            .ownerKind(OwnerKind.MAILBOX)
            .asyncThreads(options.asyncThreads)
            .closeTimeout(options.closeTimeout)
            .threadName("fermata-" + name)
            .waker(new MailboxWaker(mailbox, this::resumeReady, "resume elements of " + name))
            .build();
    // An executor wakes only an owner that has looked once.
    executor.drainReady();
    OperatorMetrics metrics =
        new OperatorMetrics(getMetricGroup(), inFlight::size, executor.metrics());
    runner =
        new FunctionRunner<>(
            userFunction,
            options,
            executor,
            elementSerializer,
            getExecutionConfig().getSerializerConfig(),
            getKeyedStateStore(),
            timers,
            getProcessingTimeService(),
            metrics,
            events,
            journal);
    List<InFlight<K, IN>> elements = restored ? state.read() : List.of();
    journal.begin(elements);
    if (journal instanceof FolderCallJournal) {
      metrics.watch((FolderCallJournal<?, ?>) journal);
    }
    if (restored) {
      restore(elements);
    }
  }

  private void restore(List<InFlight<K, IN>> elements) throws Exception {
    List<InFlight<K, IN>> finished = new ArrayList<>();
    for (InFlight<K, IN> element : elements) {
      nextSequence = Math.max(nextSequence, element.sequence + 1);
      inFlight.add(element);
      order.add(element);
      if (element.finished) {
        finished.add(element);
      } else {
        keys.add(element);
      }
    }
    mailbox.execute(
        () -> {
          for (InFlight<K, IN> element : finished) {
            order.finish(element);
          }
          startNext();
        },
        "go on with restored elements");
  }

  @Override
  public void processElement(StreamRecord<IN> record) throws Exception {
    IN value = record.getValue();
    K key = currentKey();
    Long timestamp = record.hasTimestamp() ? record.getTimestamp() : null;
    if (getExecutionConfig().isObjectReuseEnabled()) {
      value = elementSerializer.copy(value);
      key = this.<K>getKeyedStateBackend().getKeySerializer().copy(key);
    }
    while (inFlight.size() >= options.capacity) {
      mailbox.yield();
    }
    InFlight<K, IN> element = arrive(Kind.ELEMENT, key, value, timestamp);
    order.add(element);
    keys.add(element);
    startNext();
  }

  @SuppressWarnings("unchecked")
  private K currentKey() {
    return (K) getCurrentKey();
  }

  private InFlight<K, IN> arrive(Kind kind, K key, IN value, Long timestamp) {
    InFlight<K, IN> element =
        new InFlight<>(
            kind, nextSequence++, key, value, timestamp, new CallLog(userFunction.version()));
    journal.arrived(element);
    inFlight.add(element);
    events.write("received", element);
    return element;
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    order.add(
        new OutputOrder.Barrier<>() {
          @Override
          public List<InFlight<K, IN>> reach() throws Exception {
            getTimeServiceManager()
                .orElseThrow(() -> new IllegalStateException("the operator has no timers"))
                .advanceWatermark(mark);
            List<InFlight<K, IN>> due = List.copyOf(fired);
            fired.clear();
            due.forEach(keys::add);
            return due;
          }

          @Override
          public void pass() {
            output.emitWatermark(mark);
          }
        });
    startNext();
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) throws Exception {
    order.add(() -> super.processWatermarkStatus(status));
    startNext();
  }

  @Override
  public void processRecordAttributes(RecordAttributes attributes) throws Exception {
    order.add(() -> super.processRecordAttributes(attributes));
    startNext();
  }

  @Override
  public void processLatencyMarker(LatencyMarker marker) throws Exception {
    order.add(() -> super.processLatencyMarker(marker));
    startNext();
  }

  @Override
  public void onEventTime(InternalTimer<K, VoidNamespace> timer) {
    fired.add(arrive(Kind.EVENT_TIMER, timer.getKey(), null, timer.getTimestamp()));
  }

  @Override
  public void onProcessingTime(InternalTimer<K, VoidNamespace> timer) throws Exception {
    InFlight<K, IN> element =
        arrive(Kind.PROCESSING_TIMER, timer.getKey(), null, timer.getTimestamp());
    order.add(element);
    keys.add(element);
    startNext();
  }

  /** The mail after a burst of completed calls. */
  private void resumeReady() throws Exception {
    for (InFlight<K, IN> element : runner.drainReady()) {
      run(element);
    }
    startNext();
  }

  private void startNext() throws Exception {
    // An element that ends at once leads here again: the outer loop sees what came free.
    if (starting) {
      return;
    }
    starting = true;
    try {
      InFlight<K, IN> element;
      while ((element = keys.start()) != null) {
        start(element);
      }
    } finally {
      starting = false;
    }
  }

  private void start(InFlight<K, IN> element) throws Exception {
    if (element.log.isEmpty()) {
      element.log = new CallLog(userFunction.version());
    } else if (element.log.version() != userFunction.version()) {
      changed(
          element,
          "its record is of version "
              + element.log.version()
              + " of the function, but now it is version "
              + userFunction.version());
      return;
    }
    events.write("started", element);
    run(element);
  }

  private void run(InFlight<K, IN> element) throws Exception {
    setCurrentKey(element.key);
    if (runner.run(element)) {
      end(element);
    }
  }

  private void end(InFlight<K, IN> element) throws Exception {
    Throwable failure = element.failure;
    String difference = element.log.difference(failure == null);
    if (difference != null) {
      changed(element, difference);
    } else if (failure == null) {
      element.writes.apply();
      finish(element, "finished", null);
    } else if (gaveUp(element)) {
      deadLetter(element, failure.toString());
    } else {
      events.write("failed", element, failure.toString());
      throw failed(element, failure);
    }
  }

  private boolean gaveUp(InFlight<K, IN> element) {
    return options.deadLetters != null
        && element.kind == Kind.ELEMENT
        && ExceptionUtils.findThrowable(element.failure, CallFailedException.class).isPresent();
  }

  private Exception failed(InFlight<K, IN> element, Throwable failure) {
    String message = userFunction.getClass().getName() + " failed for " + element + ": " + failure;
    if (failure instanceof Error) {
      LOG.error(message);
      throw (Error) failure;
    }
    return new DurableFunctionException(message, failure);
  }

  private void changed(InFlight<K, IN> element, String difference) throws Exception {
    String message =
        "The calls of "
            + userFunction.getClass().getName()
            + " changed: of "
            + element
            + " "
            + difference
            + ". Restore with the function that recorded it, or set "
            + FermataOptions.ON_CHANGED_CALLS.key()
            + " (now "
            + options.onChangedCalls
            + ") to restart such elements or to set them aside.";
    if (options.onChangedCalls == OnChangedCalls.RESTART) {
      LOG.warn("{} It begins anew: its calls are made again.", message);
      element.discard();
      journal.restarted(element);
      element.log = new CallLog(userFunction.version());
      keys.restart(element);
    } else if (options.onChangedCalls == OnChangedCalls.DEAD_LETTER
        && element.kind == Kind.ELEMENT) {
      deadLetter(element, message);
    } else {
      events.write("failed", element, message);
      throw new ChangedCallsException(message);
    }
  }

  private void deadLetter(InFlight<K, IN> element, String reason) throws Exception {
    LOG.warn("Set aside {}: {}", element, reason, element.failure);
    element.discard();
    element.output.add(new Emission<>(options.deadLetters, Tuple2.of(element.value, reason)));
    finish(element, "failed", reason);
  }

  private void finish(InFlight<K, IN> element, String event, String detail) throws Exception {
    element.finished = true;
    journal.finished(element);
    events.write(event, element, detail);
    keys.finish(element);
    order.finish(element);
  }

  /** Sends what the element produced; the last that is seen of it. */
  private void leave(InFlight<K, IN> element) {
    for (Emission<?> emission : element.output) {
      send(emission, element.outputTimestamp());
    }
    inFlight.remove(element);
  }

  @SuppressWarnings("unchecked")
  private <T> void send(Emission<T> emission, Long timestamp) {
    StreamRecord<T> record =
        timestamp == null
            ? new StreamRecord<>(emission.value)
            : new StreamRecord<>(emission.value, timestamp);
    if (emission.tag == null) {
      output.collect((StreamRecord<OUT>) record);
    } else {
      output.collect(emission.tag, record);
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    state.write(inFlight);
    journal.snapshot(context.getCheckpointId());
    if (homes != null) {
      homes.update(List.of(home.name()));
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    super.notifyCheckpointComplete(checkpointId);
    journal.completed(checkpointId);
  }

  @Override
  public void endInput() throws Exception {
    while (!inFlight.isEmpty() || !order.isEmpty()) {
      mailbox.yield();
    }
  }

  @Override
  public void close() throws Exception {
    try {
      if (runner != null) {
        runner.close();
      }
    } finally {
      super.close();
    }
  }
}
