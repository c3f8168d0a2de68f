import org.mustangproject.validator.ZUGFeRDValidator;

/** Prints the Mustang validator's report on each file named, one after the other, in one JVM. */
public class Validate {
    public static void main(String[] files) {
        for (String file : files) {
            System.out.println("=== " + file);
            System.out.println(new ZUGFeRDValidator().validate(file));
        }
    }
}
