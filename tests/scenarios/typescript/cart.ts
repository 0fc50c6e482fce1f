interface Item {
    name: string;
    price: number;
}

class Cart {
    items: Item[] = [];

    add(name: string, price: number): void {
        const item = { name, price };
        this.items.push(item);
    }

    total(): number {
        let sum = 0;
        for (const { name, price } of this.items) {
            sum += name === "gift" ? 0 : price;
        }
        return sum;
    }
}

const cart = new Cart();
cart.add("pen", 2);
cart.add("gift", 5);
const doubled = [1, 2, 3].map((n) => n * 2);
for (let i = 0; i < 2; i++) {
    print(i, doubled[i]);
}
print(cart.total());
