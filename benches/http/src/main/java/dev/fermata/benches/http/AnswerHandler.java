// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Answers the requests of one connection, or of one stream of HTTP/2, once they are there whole:
 *
 * <ul>
 *   <li>{@code /answer/MILLIS}: {@link #ANSWER_LENGTH} bytes, so much later
 *   <li>{@code /stream/EVENTS/MILLIS}: so many server-sent events, each so long after the one
 *       before
 * </ul>
 */
final class AnswerHandler extends SimpleChannelInboundHandler<HttpObject> {
  static final int ANSWER_LENGTH = 3 * 1024;

  private static final ByteBuf ANSWER =
      Unpooled.unreleasableBuffer(Unpooled.directBuffer().writeZero(ANSWER_LENGTH)).asReadOnly();
  private static final byte[] EVENT =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n"
          .getBytes(StandardCharsets.US_ASCII);

  private String[] path;

  @Override
  protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
    if (message instanceof HttpRequest) {
      path = ((HttpRequest) message).uri().split("/");
    }
    if (message instanceof LastHttpContent) {
      if (path[1].equals("stream")) {
        stream(context, Integer.parseInt(path[2]), Long.parseLong(path[3]));
      } else {
        answer(context, Long.parseLong(path[2]));
      }
    }
  }

  private static void answer(ChannelHandlerContext context, long millis) {
    FullHttpResponse answer =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.OK, ANSWER.duplicate());
    answer.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/json");
    HttpUtil.setContentLength(answer, ANSWER_LENGTH);
    if (millis == 0) {
      context.writeAndFlush(answer, context.voidPromise());
    } else {
      context
          .executor()
          .schedule(() -> context.writeAndFlush(answer), millis, TimeUnit.MILLISECONDS);
    }
  }

  private static void stream(ChannelHandlerContext context, int events, long millis) {
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
    HttpUtil.setTransferEncodingChunked(head, true);
    context.writeAndFlush(head);
    next(context, events, millis);
  }

  private static void next(ChannelHandlerContext context, int left, long millis) {
    if (left == 0) {
      context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
      return;
    }
    context
        .executor()
        .schedule(
            () -> {
              if (context.channel().isActive()) {
                context.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(EVENT)));
                next(context, left - 1, millis);
              }
            },
            millis,
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // The client is gone; what went wrong is its to tell.
    context.close();
  }
}
