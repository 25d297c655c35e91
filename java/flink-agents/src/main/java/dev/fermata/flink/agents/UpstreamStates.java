// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Upstream's own way to write the states of actions, which is the one of its store on Kafka, and
 * what tells them apart. By reflection: upstream's jars are in no package registry that a build
 * could take them from. Immutable; used on the task's thread.
 */
final class UpstreamStates {
  private static final String AGENTS = "org.apache.flink.agents.";
  private static final String STATES = AGENTS + "runtime.actionstate.";

  /** Of other events the hash may leave out all that they say. */
  private static final Set<String> HASHED_WHOLE =
      Set.of(AGENTS + "api.InputEvent", AGENTS + "runtime.python.event.PythonEvent");

  private final Class<?> store;
  private final Method generateKey;
  private final Method actionName;
  private final Method eventId;
  private final Object serializer;
  private final Method serialize;
  private final Method deserialize;
  private final Method isCompleted;
  private final Method callResults;

  UpstreamStates(ClassLoader upstream) throws ReflectiveOperationException {
    store = load(upstream, STATES + "ActionStateStore");
    Class<?> state = load(upstream, STATES + "ActionState");
    generateKey = method(load(upstream, STATES + "ActionStateUtil"), "generateKey");
    actionName = load(upstream, AGENTS + "plan.actions.Action").getMethod("getName");
    eventId = load(upstream, AGENTS + "api.Event").getMethod("getId");
    Class<?> serializerType = load(upstream, STATES + "ActionStateKafkaSeder");
    serializer = serializerType.getConstructor().newInstance();
    serialize = serializerType.getMethod("serialize", String.class, state);
    deserialize = serializerType.getMethod("deserialize", String.class, byte[].class);
    isCompleted = state.getMethod("isCompleted");
    callResults = state.getMethod("getCallResults");
  }

  private static Class<?> load(ClassLoader upstream, String name) throws ClassNotFoundException {
    return Class.forName(name, true, upstream);
  }

  private static Method method(Class<?> type, String name) throws NoSuchMethodException {
    for (Method method : type.getMethods()) {
      if (method.getName().equals(name)) {
        return method;
      }
    }
    throw new NoSuchMethodException(type.getName() + " has no method " + name);
  }

  /** Makes of a journal a store that upstream's operator can use. */
  Object store(ActionStateJournal journal) {
    return Proxy.newProxyInstance(
        store.getClassLoader(), new Class<?>[] {store}, new Store(journal));
  }

  /** Returns the journal that {@link #store} made a store of; null for another store, or none. */
  static ActionStateJournal journal(Object store) {
    if (store == null || !Proxy.isProxyClass(store.getClass())) {
      return null;
    }
    InvocationHandler calls = Proxy.getInvocationHandler(store);
    return calls instanceof Store ? ((Store) calls).journal : null;
  }

  /** Names the state of an action. */
  StateName name(Object key, long sequence, Object action, Object event) {
    // Key, number of the input, event and action; the key alone may contain an underscore.
    String upstreams = (String) call(generateKey, null, key, sequence, action, event);
    int end = upstreams.lastIndexOf('_');
    return new StateName(
        key.toString(),
        sequence,
        (String) call(actionName, action),
        (UUID) call(eventId, event),
        upstreams.substring(upstreams.lastIndexOf('_', end - 1) + 1, end));
  }

  /** Whether the name of a state of it has a hash of all that the event says. */
  boolean isHashedWhole(Object event) {
    return HASHED_WHOLE.contains(event.getClass().getName());
  }

  byte[] write(Object state) {
    return (byte[]) call(serialize, serializer, null, state);
  }

  Object read(byte[] written) {
    return call(deserialize, serializer, null, written);
  }

  boolean isCompleted(Object state) {
    return (boolean) call(isCompleted, state);
  }

  boolean hasCallResults(Object state) {
    Collection<?> results = (Collection<?>) call(callResults, state);
    return results != null && !results.isEmpty();
  }

  private static Object call(Method method, Object on, Object... arguments) {
    try {
      return method.invoke(on, arguments);
    } catch (InvocationTargetException thrown) {
      ExceptionUtils.rethrow(thrown.getCause());
      throw new AssertionError(thrown);
    } catch (IllegalAccessException refused) {
      throw new FlinkRuntimeException(
          "Flink Agents does not let its states be written: " + method, refused);
    }
  }

  /** The interface of upstream's stores. */
  private static final class Store implements InvocationHandler {
    private final ActionStateJournal journal;

    Store(ActionStateJournal journal) {
      this.journal = journal;
    }

    @Override
    public Object invoke(Object store, Method method, Object[] given) throws Throwable {
      switch (method.getName()) {
        case "put":
          journal.put(given[0], (long) given[1], given[2], given[3], given[4]);
          return null;
        case "get":
          return journal.get(given[0], (long) given[1], given[2], given[3]);
        case "rebuildState":
          journal.rebuild((List<?>) given[0]);
          return null;
        case "pruneState":
          journal.prune(given[0], (long) given[1]);
          return null;
        case "getRecoveryMarker":
          return journal.marker();
        case "close":
          journal.close();
          return null;
        case "equals":
          return store == given[0];
        case "hashCode":
          return System.identityHashCode(store);
        case "toString":
          return "the journal in " + journal.marker();
        default:
          throw new UnsupportedOperationException(
              "This version of Fermata does not know " + method + " of Flink Agents");
      }
    }
  }
}
