/** Who wants to know of changes. */
export class Listeners {
  private readonly all = new Set<() => void>();

  add(changed: () => void): () => void {
    // An entry of its own: the same function may be added twice.
    const entry = () => changed();
    this.all.add(entry);
    return () => this.all.delete(entry);
  }

  tell(): void {
    for (const changed of [...this.all]) changed();
  }
}
