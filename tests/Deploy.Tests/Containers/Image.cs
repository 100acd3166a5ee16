using System.Text.Json;
using Backprop.Cluster.Tests.Processes;
using Backprop.Deploy.Tests.Published;

namespace Backprop.Deploy.Tests.Containers;

/// <summary>
/// An image of deploy/containers, built by buildah of what was published. Its base is made here of this machine's C and TLS libraries, which
/// is what the base that the Containerfile names has: no registry is asked.
/// </summary>
internal sealed class Image
{
    private readonly JsonElement config;

    private Image(string target, string archive, JsonElement config, string root) =>
        (Target, Archive, this.config, Root) = (target, archive, config, root);

    public string Target { get; }

    /// <summary>The image in OCI's form, a file.</summary>
    public string Archive { get; }

    /// <summary>Its file system, mounted.</summary>
    public string Root { get; }

    public string User => config.GetProperty(nameof(User)).GetString()!;

    public string Entrypoint => Assert.Single(config.GetProperty(nameof(Entrypoint)).EnumerateArray()).GetString()!;

    public string[] Ports => config.TryGetProperty("ExposedPorts", out JsonElement ports) ? [.. ports.EnumerateObject().Select(port => port.Name)] : [];

    public string StopSignal => config.GetProperty(nameof(StopSignal)).GetString()!;

    /// <param name="place">A directory for the images' layers.</param>
    public static async Task<Image> BuildAsync(PublishedPrograms published, string target, string place)
    {
        string archive = Path.Combine(place, $"{target}.tar");
        await BuildahAsync(
            place, "bud", "--isolation", "chroot", "--build-arg", $"BASE={await BaseAsync(published, place)}", "--target", target, "--tag", target,
            "--file", Path.Combine(Checkout.Root, "deploy", "containers", "Containerfile"), Path.GetDirectoryName(published.Coordinator)!);
        await BuildahAsync(place, "push", target, $"oci-archive:{archive}");
        using JsonDocument inspected = JsonDocument.Parse(await BuildahAsync(place, "inspect", "--type", "image", target));
        string container = await BuildahAsync(place, "from", target);
        string root = await BuildahAsync(place, "mount", container.Trim());
        return new Image(target, archive, inspected.RootElement.GetProperty("OCIv1").GetProperty("config").Clone(), root.Trim());
    }

    /// <summary>Its program in surroundings like a container's: this file system, read-only, as its user; /data and /tmp of the caller's.</summary>
    public ProgramProcess Start(string data, params string[] arguments)
    {
        string enter = $"""
            set -e
            mount --bind {Root} {Root}
            mount -t proc proc {Root}/proc
            mount --bind /dev {Root}/dev
            mount -t tmpfs -o mode=1777 tmpfs {Root}/tmp
            mount --bind {data} {Root}/data
            mount -o remount,ro,bind {Root}
            exec chroot --userspec={User} {Root} {Entrypoint} "$@"
            """;
        return ProgramProcess.StartCommand(
            ["unshare", "--mount", "sh", "-c", enter, "container", .. arguments], data, new Dictionary<string, string>(Compilation.AtOnce) { ["HOME"] = "/data" });
    }

    private static async Task<string> BaseAsync(PublishedPrograms published, string place)
    {
        string folder = Path.Combine(place, "base");
        if (Directory.Exists(folder))
            return "localhost/base";
        string libraries = await Command.SucceedAsync("sh", ["-c", $"ldd {published.Coordinator} /usr/lib/*/libssl.so.3 | grep -o '/[^ ]*' | grep -v : | sort -u; ls /usr/lib/*/libssl.so.3"]);
        foreach (string library in libraries.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct())
        {
            if (library.StartsWith(Path.GetDirectoryName(published.Coordinator)!, StringComparison.Ordinal))
                continue;
            Directory.CreateDirectory(folder + Path.GetDirectoryName(library));
            File.Copy(library, folder + library, overwrite: true);
        }

        foreach (string made in (string[])["proc", "dev", "tmp"])
            Directory.CreateDirectory(Path.Combine(folder, made));
        string file = Path.Combine(place, "Base");
        await File.WriteAllTextAsync(file, "FROM scratch\nCOPY . /\n");
        await BuildahAsync(place, "bud", "--isolation", "chroot", "--tag", "localhost/base", "--file", file, folder);
        return "localhost/base";
    }

    private static Task<string> BuildahAsync(string place, params string[] arguments) => Command.SucceedAsync(
        "buildah", ["--storage-driver", "vfs", "--root", Path.Combine(place, "storage"), "--runroot", Path.Combine(place, "running"), .. arguments]);
}
