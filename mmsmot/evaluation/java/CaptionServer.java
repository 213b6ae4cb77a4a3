import edu.cmu.meteor.scorer.MeteorConfiguration;
import edu.cmu.meteor.scorer.MeteorScorer;
import edu.cmu.meteor.scorer.MeteorStats;
import edu.cmu.meteor.util.Constants;
import edu.stanford.nlp.ling.CoreAnnotations.TextAnnotation;
import edu.stanford.nlp.ling.CoreLabel;
import edu.stanford.nlp.process.CoreLabelTokenFactory;
import edu.stanford.nlp.process.PTBTokenizer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The PTB tokenizer and METEOR behind one pair of pipes.
 *
 * <p>METEOR's tables load while captions are tokenized, and its segments are scored on all
 * cores. The process ends with its input, and with the first error. Requests are {@code TOKENIZE n} and {@code METEOR n}, each followed by n lines;
 * METEOR's are {@code hypothesis ||| reference ||| reference ...}. Answers are n lines of
 * tokens, or n segment scores and the corpus score.
 *
 * <p>Compile: javac --release 8 -cp meteor-1.5.jar:stanford-corenlp-3.4.1.jar CaptionServer.java
 */
public final class CaptionServer {
  private static final String SEPARATOR = "\\|\\|\\|";

  public static void main(String[] args) {
    // METEOR writes and reads numbers in the default locale: where that has decimal commas it
    // waits for ever for a number it wrote itself.
    Locale.setDefault(Locale.US);
    PrintStream log = System.err;
    try {
      serve();
    } catch (Throwable error) { // an OutOfMemoryError too
      Throwable cause = error;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      log.println(cause);
    }
    // Not exit: threads that still load or score would keep the process alive.
    Runtime.getRuntime().halt(1);
  }

  private static void serve() throws Exception {
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    Future<MeteorScorer> meteor = pool.submit(CaptionServer::loadMeteor);
    BlockingQueue<List<String>> requests = new LinkedBlockingQueue<>();
    Thread reader = new Thread(() -> read(requests), "requests");
    reader.start();
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    System.setOut(System.err); // METEOR prints where answers go
    while (true) {
      List<String> lines = requests.take();
      String kind = lines.remove(0).split(" ")[0];
      if (kind.equals("TOKENIZE")) {
        tokenize(lines, out);
      } else {
        score(lines, meteor.get(), pool, threads, out);
      }
      out.flush();
    }
  }

  /**
   * Queue every request, its first line too. The end of the input is that of the process, also
   * amidst an answer: whoever asked is gone, perhaps killed.
   */
  private static void read(BlockingQueue<List<String>> requests) {
    int status = 1;
    try {
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        List<String> request = new ArrayList<>();
        request.add(line);
        int count = Integer.parseInt(line.split(" ")[1]);
        for (int i = 0; i < count; i++) {
          String text = in.readLine();
          if (text == null) {
            Runtime.getRuntime().halt(0);
          }
          request.add(text);
        }
        requests.add(request);
      }
      status = 0;
    } catch (Throwable error) {
      System.err.println(error);
    }
    Runtime.getRuntime().halt(status);
  }

  /** As PTBTokenizer's command line does with -preserveLines -lowerCase. */
  private static void tokenize(List<String> lines, PrintStream out) {
    StringReader text = new StringReader(String.join("\n", lines));
    PTBTokenizer<CoreLabel> tokens =
        new PTBTokenizer<>(text, new CoreLabelTokenFactory(), "tokenizeNLs=true");
    StringBuilder row = new StringBuilder();
    int printed = 0;
    while (tokens.hasNext()) {
      String word = tokens.next().get(TextAnnotation.class);
      if (word.equals(PTBTokenizer.getNewlineToken())) {
        out.println(row);
        row.setLength(0);
        printed++;
      } else {
        row.append(row.length() > 0 ? " " : "").append(word.toLowerCase(Locale.ENGLISH));
      }
    }
    for (; printed < lines.size(); printed++) {
      out.println(row);
      row.setLength(0);
    }
  }

  /** As METEOR's command line does with -l en -norm. */
  private static MeteorScorer loadMeteor() {
    MeteorConfiguration configuration = new MeteorConfiguration();
    configuration.setLanguage("en");
    configuration.setNormalization(Constants.NORMALIZE_KEEP_PUNCT);
    return new MeteorScorer(configuration);
  }

  private static void score(
      List<String> lines, MeteorScorer meteor, ExecutorService pool, int threads, PrintStream out)
      throws InterruptedException, ExecutionException {
    List<Callable<List<MeteorStats>>> parts = new ArrayList<>();
    int size = (lines.size() + threads - 1) / Math.max(threads, 1);
    for (int start = 0; start < lines.size(); start += size) {
      List<String> part = lines.subList(start, Math.min(start + size, lines.size()));
      parts.add(() -> stats(part, new MeteorScorer(meteor))); // shares the tables
    }
    MeteorStats total = new MeteorStats();
    for (Future<List<MeteorStats>> part : pool.invokeAll(parts)) {
      for (MeteorStats segment : part.get()) {
        meteor.computeMetrics(segment);
        out.println(segment.score);
        total.addStats(segment);
      }
    }
    meteor.computeMetrics(total);
    out.println(total.score);
  }

  private static List<MeteorStats> stats(List<String> lines, MeteorScorer meteor) {
    List<MeteorStats> found = new ArrayList<>(lines.size());
    for (String line : lines) {
      List<String> texts = new ArrayList<>();
      for (String text : Arrays.asList(line.split(SEPARATOR, -1))) {
        texts.add(text.trim());
      }
      ArrayList<String> references = new ArrayList<>(texts.subList(1, texts.size()));
      // Through text and back, as the segments of the command line go: it rounds.
      MeteorStats segment = meteor.getMeteorStats(texts.get(0), references);
      found.add(new MeteorStats(segment.toString()));
    }
    return found;
  }
}
